import { epig, type Predictions, toProbabilities } from '@baal/core';
import { onnxEpigKernel } from '@baal/onnx';
import type { Bench, RowGroup } from './bench.ts';
import { interleave, type Side, timed } from './harness.ts';
import { inChildren } from './in-child.ts';
import { makeRow, type Row, type RowDefinition } from './row.ts';
import { classes, modelLogits, stream } from './workload.ts';

/** Ways to write EPIG in PyTorch, all in float32; the last two in the blocks that are fastest here. */
const forms = [
  ['at once', 'all joint distributions at once, as Baal does'],
  ['divergence', 'in blocks, as a divergence'],
  ['entropies', 'in blocks, as entropies'],
] as const;

const speeds: readonly RowDefinition[] = forms.map(([, words]) => ({
  name: `EPIG, 2000 items x 500 targets: PyTorch ${words} / ours on ONNX Runtime`,
  unit: 'ms',
  ratio: 'other/ours',
  gate: 2,
  aim: 3,
}));
const alone: RowDefinition = {
  name: 'EPIG, 2000 items x 500 targets: core alone / with its kernel on ONNX Runtime',
  unit: 'ms',
  ratio: 'other/ours',
  gate: 2,
  aim: 4,
};
const memory: RowDefinition = {
  name: 'EPIG, 2000 items x 500 targets, core alone: memory growth / all joint distributions',
  unit: 'MB',
  ratio: 'ours/other',
  gate: 0.1,
  aim: 0.05,
};

/** EPIG: its ONNX kernel against PyTorch, and what core needs without it. */
export const epigRows: RowGroup = {
  rows: [...speeds, alone, memory],
  async measure(bench, wanted) {
    const rows: Row[] = [];
    if ([...speeds, alone].some(({ name }) => wanted.has(name)))
      rows.push(...(await speedsOf(bench)));
    if (wanted.has(memory.name)) rows.push(await memoryOf(bench));
    return rows.filter(({ name }) => wanted.has(name));
  },
};

async function speedsOf({ sizes, threads, reference, progress }: Bench): Promise<Row[]> {
  const { epigPool: items, targets, passes } = sizes;
  const rng = stream('epig');
  const probabilities = (n: number): Predictions =>
    toProbabilities(modelLogits([n, passes, classes], rng));
  const pool = probabilities(items);
  const targetPredictions = probabilities(targets);
  const kernel = await onnxEpigKernel({ threads });
  try {
    const heuristic = epig({ kernel, targetPredictions });
    const score = (): Promise<Float64Array> => heuristic.getUncertaintiesGenerator([pool]);
    const exact = epig({ targetPredictions });
    const sides: Side[] = [
      {
        name: 'EPIG, ours',
        warmUp: async () => {
          const expected = exact.getUncertainties(pool);
          const far = (await score()).findIndex(
            (s, i) => Math.abs(s - (expected[i] as number)) > 1e-6,
          );
          if (far !== -1) throw new Error(`epig: item ${far} differs from the score of core`);
        },
        sample: () => timed(score),
      },
      {
        name: 'EPIG, core alone',
        warmUp: async () => undefined,
        sample: () => timed(() => exact.getUncertainties(pool)),
      },
    ];
    const { pytorch } = reference;
    if (pytorch !== undefined) {
      for (const [form, words] of forms) {
        const theirs = async (): Promise<number> =>
          1000 * (await pytorch.epig({ form, items, targets, passes, classes }));
        sides.push({
          name: `EPIG, PyTorch ${words}`,
          warmUp: async () => {
            await theirs();
          },
          sample: theirs,
        });
      }
    }
    const [ours, core, ...others] = await interleave(sides, { samples: sizes.samples, progress });
    const note =
      pytorch === undefined
        ? reference.skipped
        : `probabilities in, K=${passes}, C=${classes}, float32; ${pytorch.description}`;
    const rows = speeds.map((speed, i) => {
      const other = others[i];
      return makeRow(
        speed,
        { ours: ours as number[], ...(other === undefined ? {} : { other }) },
        note,
      );
    });
    const sidesOfOurs = { ours: ours as number[], other: core as number[] };
    return [...rows, makeRow(alone, sidesOfOurs, 'core in Float64, one thread')];
  } finally {
    await kernel.dispose();
  }
}

async function memoryOf({ sizes, progress }: Bench): Promise<Row> {
  const { epigPool, passes, targets, samples } = sizes;
  const figures = await inChildren(samples, progress, 'epig', epigPool, passes, classes, targets);
  const whole = (8 * epigPool * targets * classes ** 2) / 1e6;
  return makeRow(
    memory,
    { ours: figures.growthMB, other: [whole] },
    `Float64; the other side is ${epigPool} x ${targets} x ${classes} x ${classes} numbers, had they been held`,
  );
}
