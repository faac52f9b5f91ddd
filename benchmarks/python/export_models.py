"""Exports models of PyTorch to ONNX with what PyTorch makes of them: gradients and three SGD steps.

    python3 export_models.py FOLDER [MODEL...]

Writes NAME.onnx (training mode, dropout off) and NAME.safetensors for each model: inputs, targets, gradients of
the first step, losses, and parameters and running statistics after three steps, computed in float64; prints a
JSON line a model with the distance of PyTorch's own float32 from that. Needs torch and torchvision.
scripts/compare-exported-models.mjs runs it and compares.
"""

import copy
import io
import json
import math
import os
import struct
import sys
import warnings
from typing import List

import torch
import torchvision
from torch import nn

STEPS = 3
LR = 0.002


class Attention(nn.Module):
    """Self-attention as the models of Hugging Face write it: three products, a mask, a softmax."""

    def __init__(self, width, heads, fill):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.heads, self.fill = heads, fill

    def split(self, x):
        return x.view(x.shape[0], x.shape[1], self.heads, -1).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(q.shape[-1])
        keep = mask[:, None, None, :]
        if self.fill:
            scores = scores.masked_fill(keep == 0, -1e9)
        else:
            scores = scores + (1.0 - keep.to(scores.dtype)) * -10000.0
        heard = torch.matmul(scores.softmax(-1), v).permute(0, 2, 1, 3).contiguous()
        return self.out(heard.view(x.shape[0], x.shape[1], -1))


class Block(nn.Module):
    def __init__(self, width, heads, fill):
        super().__init__()
        self.attention = Attention(width, heads, fill)
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.down(nn.functional.gelu(self.up(x))))


class TextModel(nn.Module):
    """The shape of BERT (segments, a pooler), or of DistilBERT (neither, masked_fill, a ReLU head)."""

    def __init__(self, distil, words=100, width=32, heads=4, layers=2, classes=3):
        super().__init__()
        self.distil = distil
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(64, width)
        self.segments = None if distil else nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.blocks = nn.ModuleList(Block(width, heads, distil) for _ in range(layers))
        self.pooler, self.head = nn.Linear(width, width), nn.Linear(width, classes)
        self.register_buffer("position_ids", torch.arange(64)[None])

    def encode(self, input_ids, attention_mask, token_type_ids):
        x = self.words(input_ids) + self.places(self.position_ids[:, : input_ids.shape[1]])
        if self.segments is not None:
            x = x + self.segments(token_type_ids)
        x = self.norm(x)
        for block in self.blocks:
            x = block(x, attention_mask)
        return x

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        first = self.pooler(self.encode(input_ids, attention_mask, token_type_ids)[:, 0])
        return self.head(first.relu() if self.distil else first.tanh())


class SentenceModel(TextModel):
    """The shape of MiniLM as sentences are embedded: a narrow BERT, the mean of the words kept by the mask, length one."""

    def __init__(self, width=384, classes=3):
        super().__init__(False, width=width, heads=12, classes=classes)
        del self.pooler

    def forward(self, input_ids, attention_mask, token_type_ids):
        words = self.encode(input_ids, attention_mask, token_type_ids)
        keep = attention_mask.unsqueeze(-1).expand(words.size()).float().to(words.dtype)
        mean = torch.sum(words * keep, 1) / torch.clamp(keep.sum(1), min=1e-9)
        return self.head(nn.functional.normalize(mean, p=2, dim=1))


class Scripted(nn.Module):
    """A recurrent cell as a script: a loop over the steps, a list of the states, a branch on their number."""

    def __init__(self):
        super().__init__()
        self.inner, self.back, self.head = nn.Linear(3, 16), nn.Linear(16, 16), nn.Linear(16, 4)

    def forward(self, x):
        h = torch.zeros(x.size(0), 16, dtype=x.dtype)
        states: List[torch.Tensor] = []
        for t in range(x.size(1)):
            h = torch.tanh(self.inner(x[:, t]) + self.back(h))
            states.append(h)
        y = torch.stack(states, 1)
        if y.size(1) > 4:
            y = y * 2.0
        else:
            y = y - 1.0
        left, right = torch.chunk(y.mean(1), 2, 1)
        return self.head(torch.cat([left * right, right], 1))


class UNet(nn.Module):
    """Two levels; the way up by a transposed convolution and by bilinear interpolation."""

    def __init__(self):
        super().__init__()

        def level(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU())

        self.down1, self.down2, self.bottom = level(3, 8), level(8, 16), level(16, 16)
        self.up2 = nn.ConvTranspose2d(16, 16, 2, stride=2)
        self.up1 = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.side2, self.side1 = level(32, 8), level(16, 8)
        self.head = nn.Conv2d(8, 4, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        one = self.down1(x)
        two = self.down2(self.pool(one))
        low = self.bottom(self.pool(two))
        two = self.side2(torch.cat([two, self.up2(low)], 1))
        return self.head(self.side1(torch.cat([one, self.up1(two)], 1)))


def vgg():
    features = torchvision.models.vgg11_bn().features
    return nn.Sequential(features, nn.Flatten(), nn.Linear(512, 10))


def vision(name, **settings):
    return lambda: getattr(torchvision.models, name)(num_classes=10, **settings)


def without_kinks():
    """MobileNetV2 with SiLU for ReLU6: no value is so close to a kink that rounding decides its slope."""
    model = torchvision.models.mobilenet_v2(num_classes=10)
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU6):
                setattr(module, name, nn.SiLU())
    return model


def vit():
    return torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=4, hidden_dim=32, mlp_dim=64,
        num_classes=10,
    )


def images(batch=8, size=64):
    return lambda: {"x": torch.randn(batch, 3, size, size)}


def series():
    return {"x": torch.randn(6, 8, 3)}


def texts(distil):
    def make():
        mask = torch.ones(6, 12, dtype=torch.int64)
        mask[1, 7:] = 0
        mask[4, 3:] = 0
        inputs = {"input_ids": torch.randint(100, (6, 12)), "attention_mask": mask}
        return inputs if distil else {**inputs, "token_type_ids": torch.randint(2, (6, 12))}

    return make


MODELS = [
    ("ResNet-18", vision("resnet18"), images(), (17,)),
    ("VGG-11 (BN)", vgg, images(size=32), (17,)),
    ("MobileNetV2", vision("mobilenet_v2"), images(), (17,)),
    ("MobileNetV2 with SiLU", without_kinks, images(), (17,)),
    ("MobileNetV3-small", vision("mobilenet_v3_small"), images(), (13, 17)),
    ("EfficientNet-B0", vision("efficientnet_b0", stochastic_depth_prob=0.0), images(), (17,)),
    ("U-Net, two levels", UNet, images(4, 32), (17,)),
    ("ViT, two layers", vit, images(8, 32), (13, 17)),
    ("BERT, two layers", lambda: TextModel(False), texts(False), (13, 17)),
    ("DistilBERT, two layers", lambda: TextModel(True), texts(True), (13, 17)),
    ("Script with a loop", Scripted, series, (13, 17)),
    ("MiniLM, two layers", SentenceModel, texts(False), (13, 17)),
]


def train(model, inputs, target, dtype):
    """Losses, gradients of the first step, and the state after all steps."""
    model = copy.deepcopy(model).to(dtype)
    inputs = {k: v.to(dtype) if v.is_floating_point() else v for k, v in inputs.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)
    losses, gradients = [], None
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(*inputs.values()), target)
        loss.backward()
        losses.append(loss.item())
        if gradients is None:
            gradients = {n: p.grad.detach().clone() for n, p in model.named_parameters()}
        optimizer.step()
    state = {n: v.detach() for n, v in model.state_dict().items() if v.is_floating_point()}
    return losses, gradients, state


def distance(found, expected):
    """The largest |difference|, relative to the largest number of each array, but for small arrays."""
    largest = max(v.abs().max().item() for v in expected.values())
    return max(
        (found[n].double() - v).abs().max().item() / max(v.abs().max().item(), 1e-3 * largest)
        for n, v in expected.items()
    )


def changes(after, model):
    before = model.state_dict()
    return {n: v.double() - before[n].double() for n, v in after.items()}


def save(path, tensors):
    """The format safetensors, written by hand: a header in JSON, then the arrays."""
    kinds = {torch.float64: "F64", torch.int64: "I64", torch.float32: "F32"}
    header, parts, end = {}, [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        part = tensor.contiguous().numpy().tobytes()
        header[name] = {
            "dtype": kinds[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [end, end + len(part)],
        }
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


def export(name, make, make_inputs, opsets, folder):
    torch.manual_seed(1)
    model = make().train()
    for module in model.modules():
        # Masks of two random generators cannot be equal.
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, nn.MultiheadAttention):
            module.dropout = 0.0
    inputs = make_inputs()
    shape = copy.deepcopy(model)(*inputs.values()).shape
    target = torch.randint(shape[1], (shape[0], *shape[2:]))
    losses, gradients, state = train(model, inputs, target, torch.float64)
    losses32, gradients32, state32 = train(model, inputs, target, torch.float32)
    for opset in opsets:
        file = f"{len(os.listdir(folder)):02d}"
        graph = io.BytesIO()
        exported = copy.deepcopy(model)
        if isinstance(model, Scripted):
            exported = torch.jit.script(exported)
        torch.onnx.export(
            exported, tuple(inputs.values()), graph, opset_version=opset,
            training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
            input_names=list(inputs), output_names=["y"],
            dynamic_axes={n: {0: "batch"} for n in [*inputs, "y"]},
        )
        with open(os.path.join(folder, file + ".onnx"), "wb") as out:
            out.write(graph.getvalue())
        tensors = {"target": target, "losses": torch.tensor(losses, dtype=torch.float64)}
        tensors.update({f"input/{n}": v for n, v in inputs.items()})
        tensors.update({f"gradient/{n}": v for n, v in gradients.items()})
        # Tracing is a forward pass: the exported running statistics have moved already.
        tensors.update({f"running/{n}": v for n, v in model.state_dict().items() if "running_" in n})
        tensors.update({f"change/{n}": v for n, v in changes(state, model).items()})
        save(os.path.join(folder, file + ".safetensors"), tensors)
        print(json.dumps({
            "name": name, "opset": opset, "file": file, "lr": LR, "momentum": 0.9,
            "inputs": list(inputs), "parameters": list(gradients),
            "size": sum(p.numel() for p in model.parameters()),
            "torch": {
                "loss": max(abs(a - b) / abs(b) for a, b in zip(losses32, losses)),
                "gradient": distance(gradients32, gradients),
                "change": distance(changes(state32, model), changes(state, model)),
            },
        }), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for entry in MODELS:
        if len(sys.argv) == 2 or entry[0] in sys.argv[2:]:
            export(*entry, sys.argv[1])
