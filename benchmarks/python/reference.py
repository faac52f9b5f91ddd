"""PyTorch's side of the benchmark: JSON lines in, JSON lines out, times taken in here.

The first line out says what this process is, or why it refuses. Needs torch and nothing else.
"""

import base64
import json
import os
import re
import sys
import time

TASKS = ("data", "step", "predict", "head", "round", "batchbald", "epig")
THREADS = int(os.environ.get("BENCH_THREADS", "1"))


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    say({"refused": "torch"})
    sys.exit(0)


def fast_blas():
    """Name of a fast BLAS, or None. Debian's torch takes any libblas, also the slow reference one."""
    built = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    if built is not None and built.group(1) != "generic":
        return "BLAS " + built.group(1)
    torch.ones(64, 64) @ torch.ones(64, 64)
    try:
        with open("/proc/self/maps") as maps:
            files = {os.path.basename(line.split()[-1]) for line in maps if "/" in line}
    except OSError:
        return None
    for name in sorted(files):
        # Not libmkldnn, which is oneDNN and has no BLAS of its own.
        if re.match(r"lib(openblas|blis|mkl_)", name):
            return name
    return None


class Workload:
    def __init__(self):
        self.trainers = {}
        self.epig_blocks = {}

    def data(self, images, labels, shape):
        pixels = torch.frombuffer(bytearray(base64.b64decode(images)), dtype=torch.float32)
        self.x = pixels.reshape(-1, *shape)
        self.y = torch.tensor(labels)
        self.cnn = cnn()
        self.initial = {k: v.clone() for k, v in self.cnn.state_dict().items()}
        return {}

    def step(self, network, batch, steps):
        if network not in self.trainers:
            model = NETWORKS[network]().train()
            self.trainers[network] = model, torch.optim.SGD(
                model.parameters(), lr=0.01, momentum=0.9
            )
        model, optimizer = self.trainers[network]
        x, y = self.examples(network, batch)
        train_step(model, optimizer, x, y)
        start = time.perf_counter()
        for _ in range(steps):
            train_step(model, optimizer, x, y)
        return {"seconds": (time.perf_counter() - start) / steps}

    def examples(self, network, batch):
        """A batch of what a network reads, and its labels."""
        if network == "unet":
            return torch.rand(batch, 3, 64, 64), torch.randint(10, (batch, 64, 64))
        if network in TOKENS:
            return torch.randint(VOCABULARY, (batch, TOKENS[network])), self.y[:batch]
        if network in COLOURS:
            size = COLOURS[network]
            return torch.rand(batch, 3, size, size), self.y[:batch]
        return self.x[:batch], self.y[:batch]

    def predict(self, network, items, batch, passes):
        # No batch normalisation inside: this only keeps dropout on.
        model = self.cnn if network == "cnn" else NETWORKS[network]()
        model.train()
        x, _ = self.examples(network, items)
        start = time.perf_counter()
        logits = mc_predict(model, x, batch, passes)
        seconds = time.perf_counter() - start
        assert logits.shape == (items, 10, passes)
        assert float(logits.var(2).min()) > 0, "the passes are equal"
        return {"seconds": seconds}

    def head(self, items, batch, epochs):
        body, head = resnet18_small().eval(), nn.Linear(512, 10)
        optimizer = torch.optim.Adam(head.parameters(), lr=0.001)
        start = time.perf_counter()
        for _ in range(epochs):
            for chosen in torch.randperm(items).split(batch):
                with torch.no_grad():
                    features = body(self.x[chosen])
                train_step(head, optimizer, features, self.y[chosen])
        return {"seconds": time.perf_counter() - start}

    def round(self, labelled, batch, epochs, items, predictBatch, passes, pool):
        scored = torch.randn(pool, 10, passes)
        start = time.perf_counter()
        model = self.cnn.train()
        model.load_state_dict(self.initial)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.01)
        for _ in range(epochs):
            for chosen in torch.randperm(labelled).split(batch):
                train_step(model, optimizer, self.x[chosen], self.y[chosen])
        trained = time.perf_counter()
        mc_predict(model, self.x[:items], predictBatch, passes)
        predicted = time.perf_counter()
        ranks = bald(scored).argsort(descending=True)
        done = time.perf_counter()
        assert ranks.shape == (pool,)
        return {
            "train": trained - start,
            "predict": predicted - trained,
            "score": done - predicted,
        }

    def batchbald(self, items, passes, classes, picks, draws, seed):
        torch.manual_seed(seed)
        probs = pool(items, passes, classes, torch.float64).transpose(1, 2).contiguous()
        start = time.perf_counter()
        chosen = baal_batch_bald(probs, picks, draws)
        seconds = time.perf_counter() - start
        assert len(set(chosen)) == picks
        return {"seconds": seconds}

    def epig(self, form, items, targets, passes, classes, seed):
        torch.manual_seed(seed)
        probs = pool(items, passes, classes, torch.float32)
        wanted = pool(targets, passes, classes, torch.float32)
        way = EPIG_FORMS[form]
        if form not in self.epig_blocks:
            # All items at once, or the blocks that are fastest on this machine.
            trials = {items: 0.0}
            if form != "at once":
                trials = {}
                for block in (2, 4, 8, 16, 32, 64, 128):
                    start = time.perf_counter()
                    way(probs[:256], wanted, block)
                    trials[block] = time.perf_counter() - start
            self.epig_blocks[form] = min(trials, key=trials.get)
        start = time.perf_counter()
        scores = way(probs, wanted, self.epig_blocks[form])
        seconds = time.perf_counter() - start
        assert scores.shape == (items,) and float(scores.min()) > 0
        return {"seconds": seconds}


VOCABULARY = 1000
COLOURS = {"vgg": 32, "resnet": 64, "mobile": 64}
TOKENS = {"encoder": 64, "lstm": 64}


def mlp():
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.5)),
        nn.Linear(512, 10),
    )


def cnn():
    return nn.Sequential(
        *(nn.Conv2d(1, 32, 4), nn.ReLU()),
        *(nn.Conv2d(32, 32, 4), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten()),
        *(nn.Linear(32 * 11 * 11, 128), nn.ReLU(), nn.Dropout(0.5)),
        nn.Linear(128, 10),
    )


def pair(before, filters):
    """Two 3x3 convolutions with batch normalisation."""
    return nn.Sequential(
        *(nn.Conv2d(before, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()),
        *(nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()),
    )


def vgg():
    return nn.Sequential(
        *(pair(3, 32), nn.MaxPool2d(2), pair(32, 64), nn.MaxPool2d(2), pair(64, 128), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(0.5), nn.Linear(128 * 4 * 4, 10)),
    )


def inverted(before, filters, stride):
    """An inverted residual block: six times as many channels, one filter for each, few channels again."""
    wide = 6 * before
    return nn.Sequential(
        *(nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()),
        nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False),
        *(nn.BatchNorm2d(wide), nn.ReLU()),
        *(nn.Conv2d(wide, filters, 1, bias=False), nn.BatchNorm2d(filters)),
    )


class Residual(nn.Module):
    def __init__(self, way):
        super().__init__()
        self.way = way

    def forward(self, x):
        return x + self.way(x)


def mobile():
    blocks = []
    before = 32
    for filters in (24, 48, 96):
        blocks += [inverted(before, filters, 2), Residual(inverted(filters, filters, 1))]
        before = filters
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()),
        *(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(96, 10)),
    )


class Unet(nn.Module):
    def __init__(self, channels=3, filters=(16, 32, 64, 128, 256), classes=10):
        super().__init__()
        ins = (channels, *filters[:-1])
        self.down = nn.ModuleList(pair(a, b) for a, b in zip(ins, filters))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(filters[:-1], filters[1:])
        )
        self.merge = nn.ModuleList(pair(2 * a, a) for a in filters[:-1])
        self.last = nn.Conv2d(filters[0], classes, 1)

    def forward(self, x):
        kept = []
        for level in self.down[:-1]:
            x = level(x)
            kept.append(x)
            x = F.max_pool2d(x, 2)
        x = F.dropout(self.down[-1](x), 0.5, self.training)
        for skip, up, merge in reversed(list(zip(kept, self.up, self.merge))):
            x = merge(torch.cat([skip, up(x)], 1))
        return self.last(x)


class Attention(nn.Module):
    """Self-attention as in DistilBERT: dropout on the shares, and nothing else."""

    def __init__(self, size, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.all, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)

    def forward(self, x):
        n, length, size = x.shape
        q, k, v = self.all(x).reshape(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        shares = self.dropout((q @ k.transpose(2, 3) / (size / self.heads) ** 0.5).softmax(3))
        return self.out((shares @ v).transpose(1, 2).reshape(n, length, size))


class EncoderLayer(nn.Module):
    def __init__(self, size, heads, dropout):
        super().__init__()
        self.attention = nn.Sequential(Attention(size, heads, dropout), nn.Dropout(dropout))
        self.feed_forward = nn.Sequential(
            *(nn.Linear(size, 4 * size), nn.GELU(), nn.Dropout(dropout)),
            *(nn.Linear(4 * size, size), nn.Dropout(dropout)),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(2))

    def forward(self, x):
        x = self.norms[0](x + self.attention(x))
        return self.norms[1](x + self.feed_forward(x))


class Encoder(nn.Module):
    """A text classifier in the shape of DistilBERT: dropout in every layer, logits of the first token."""

    def __init__(self, size=256, heads=4, layers=6, dropout=0.1):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, size)
        self.positions = nn.Parameter(0.02 * torch.randn(TOKENS["encoder"], size))
        self.start = nn.Sequential(nn.LayerNorm(size), nn.Dropout(dropout))
        self.layers = nn.Sequential(*(EncoderLayer(size, heads, dropout) for _ in range(layers)))
        self.head = nn.Sequential(
            *(nn.Linear(size, size), nn.ReLU(), nn.Dropout(0.2), nn.Linear(size, 10))
        )

    def forward(self, x):
        x = self.layers(self.start(self.tokens(x) + self.positions))
        return self.head(x[:, 0])


class Lstm(nn.Module):
    def __init__(self, size=128):
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(size, 10))

    def forward(self, x):
        return self.head(self.lstm(self.tokens(x))[1][0][0])


class Block(nn.Module):
    def __init__(self, before, filters, stride):
        super().__init__()
        self.way = nn.Sequential(
            *(nn.Conv2d(before, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters)),
            nn.ReLU(),
            *(nn.Conv2d(filters, filters, 3, 1, 1, bias=False), nn.BatchNorm2d(filters)),
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, filters, 1, stride, bias=False), nn.BatchNorm2d(filters)
            )

    def forward(self, x):
        return F.relu(self.way(x) + self.shortcut(x))


def resnet18_body(*stem):
    """ResNet-18 behind its stem and without its last layer."""
    blocks = []
    before = 64
    for filters in (64, 128, 256, 512):
        blocks += [Block(before, filters, 1 if filters == 64 else 2), Block(filters, filters, 1)]
        before = filters
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def resnet18_small():
    """Without its last layer, and with a 3x3 convolution in front, for small images."""
    return resnet18_body(nn.Conv2d(1, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU())


def resnet18():
    stem = (nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU())
    return nn.Sequential(resnet18_body(*stem, nn.MaxPool2d(3, 2, 1)), nn.Linear(512, 10))


NETWORKS = {
    "mlp": mlp,
    "cnn": cnn,
    "vgg": vgg,
    "resnet": resnet18,
    "mobile": mobile,
    "unet": Unet,
    "encoder": Encoder,
    "lstm": Lstm,
}


def train_step(model, optimizer, x, y):
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def mc_predict(model, x, batch, passes):
    """Logits [N, C, K] from a batch that holds every image once for each pass."""
    parts = []
    for images in x.split(batch):
        logits = model(images.repeat(passes, *[1] * (images.dim() - 1)))
        parts.append(logits.reshape(passes, len(images), -1).permute(1, 2, 0).contiguous())
    return torch.cat(parts)


def bald(logits):
    """Mutual information [N] of logits [N, C, K]."""
    log_p = logits.log_softmax(1)
    p = log_p.exp()
    mean = p.mean(2)
    return (p * log_p).sum(1).mean(1) - (mean * mean.log()).sum(1)


def pool(items, passes, classes, dtype):
    """Probabilities [N, K, C]: an opinion an item, with passes scattered around it."""
    opinion = 2 * torch.randn(items, 1, classes, dtype=dtype)
    return (opinion + torch.randn(items, passes, classes, dtype=dtype)).softmax(2)


@torch.no_grad()
def baal_batch_bald(probs, picks, draws):
    """Positions that Baal's greedy loop picks from probabilities [N, C, K].

    Each step draws labels of what was picked, `draws` times from every pass, and adds the candidate
    with the highest joint entropy less its own conditional entropy. Like Baal it holds the joint
    probabilities of all candidates at once, [N, M, C].
    """
    passes = probs.shape[2]
    conditional = -(probs * probs.log()).sum(1).mean(1)
    mean = probs.mean(2)
    chosen = [int((-(mean * mean.log()).sum(1) - conditional).argmax())]
    while len(chosen) < picks:
        likelihood = torch.ones(passes * draws, passes, dtype=probs.dtype)  # of drawn labels [M, K]
        for item in chosen:
            labels = torch.multinomial(probs[item].T, draws, replacement=True)
            likelihood *= probs[item][labels.reshape(-1)]
        share = likelihood.mean(1)
        joint = torch.einsum("mk,nck->nmc", likelihood, probs) / passes
        entropy = -(joint * joint.log() / share[:, None]).sum((1, 2)) / len(likelihood)
        gain = entropy - conditional
        gain[chosen] = -1000
        chosen.append(int(gain.argmax()))
    return chosen


@torch.no_grad()
def epig_divergence(probs, targets, block):
    """EPIG [N] of probabilities [N, K, C] towards [T, K, C].

    The divergence of the joint from the independent distribution, with a guard for probabilities of 0.
    `block` items at once.
    """
    scores = []
    mean_targets = targets.mean(1)
    for items in probs.split(block):
        joint = torch.einsum("nkc,tkd->ntcd", items, targets) / targets.shape[1]
        independent = torch.einsum("nc,td->ntcd", items.mean(1), mean_targets)
        distance = joint.clamp_min(1e-30).log() - independent.clamp_min(1e-30).log()
        scores.append((joint * distance).sum((2, 3)).mean(1))
    return torch.cat(scores)


def epig_entropies(probs, targets, block):
    """The same as a difference of entropies: H(y) + H(y*) - H(y, y*). Baal's way, if all items are one block."""
    scores = []
    target_entropy = entropy(targets.mean(1), (1,)).mean()
    for items in probs.split(block):
        joint = torch.einsum("nkc,tkd->ntcd", items, targets) / targets.shape[1]
        joint_entropy = torch.nan_to_num(entropy(joint, (2, 3))).mean(1)
        scores.append(entropy(items.mean(1), (1,)) + target_entropy - joint_entropy)
    return torch.cat(scores)


def entropy(probs, axes):
    return -(probs * probs.log()).sum(axes)


EPIG_FORMS = {
    "at once": epig_entropies,
    "divergence": epig_divergence,
    "entropies": epig_entropies,
}


def main():
    torch.set_num_threads(THREADS)
    blas = fast_blas()
    if blas is None:
        say({"refused": "blas"})
        return
    threads = torch.get_num_threads()
    assert threads == THREADS, f"{threads} threads, expected {THREADS}"
    say({"torch": torch.__version__, "blas": blas, "threads": threads})
    workload = Workload()
    tasks = {name: getattr(workload, name) for name in TASKS}
    for line in sys.stdin:
        request = json.loads(line)
        say(tasks[request.pop("task")](**request))


main()
