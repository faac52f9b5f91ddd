// The ten-line program that scripts/check-packed-install.mjs runs against the installed packages.
import { bald, createRng } from '@baal/core';
import { arrayDataset } from '@baal/datasets';
import { ModelWrapper, mcDropout, mlp } from '@baal/onnx';

const rng = createRng(0);
const inputs = Float32Array.from({ length: 128 }, () => 2 * rng.uniform() - 1);
const targets = Array.from({ length: 64 }, (_, i) => ((inputs[2 * i] ?? 0) > 0 ? 1 : 0));
const dataset = arrayDataset({ inputs, shape: [64, 2], targets, classes: 2 });
const network = mlp({ inputShape: [2], classes: 2, hidden: [16], rng });
const model = await ModelWrapper.create(mcDropout(network), {
  epochs: 5,
  optimizer: { kind: 'adam', lr: 0.01 },
});
const { loss } = await model.train(dataset, { rng });
const ranking = await bald().getRanks(model.predict(dataset, { iterations: 8, rng }));
console.log(`loss ${loss}, most informative item ${ranking.ranks[0]} of ${ranking.scores.length}`);
await model.dispose();
