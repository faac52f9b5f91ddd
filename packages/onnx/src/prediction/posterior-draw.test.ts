import { createRng } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { mcDropout } from '../bayesian/mc-dropout.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { float32Tensor } from '../graph/tensor-data.ts';
import { createModel } from '../model.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { drawMasks, type PosteriorDraw } from './posterior-draw.ts';
import { Predictor } from './predictor.ts';
import type { Suffix } from './suffix.ts';

const runtime = await loadOnnxRuntime();

describe('the memory budget', () => {
  it('holds for masked weights: those of groups that do not fit are made when they are asked for', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'input', type: 'float32', shape: ['batch', 20] });
    const rate = g.initializer('rate', float32Tensor([0.5], []));
    const weight = g.initializer('w', float32Tensor(new Float32Array(500).fill(0.5), [20, 25]));
    g.output(g.op('MatMul', [g.op('Dropout', ['input', rate]), weight]));
    const model = mcDropout(createModel(g.build(), { kind: 'logits' }));
    let made = 0;
    const Tensor = new Proxy(runtime.Tensor, {
      construct(target, given) {
        made += (given[1] as Float32Array).byteLength;
        return Reflect.construct(target, given);
      },
    });
    const counting = { ...runtime, Tensor };
    // 2000 bytes of weights and 12 passes: [budget, bytes of a group, groups that stay].
    for (const [memoryBudgetBytes, bytes, stay] of [
      [24_000, 24_000, 1],
      [4500, 4000, 0],
      [2500, 2000, 0],
    ] as const) {
      const settings = { iterations: 12, replicate: false, memoryBudgetBytes, threads: 1 };
      const predictor = await Predictor.create(counting, model, settings);
      made = 0;
      const draw = predictor.draw(createRng('draw')) as PosteriorDraw;
      expect(made).toBe(0);
      const first = draw.feeds(0, 0, 1);
      expect(made).toBe(bytes);
      expect(draw.feeds(0, 1, 1)).toEqual(first);
      expect(made).toBe(bytes);
      if (stay === 0) {
        draw.feeds(1, 0, 1);
        expect(Object.values(draw.feeds(0, 0, 1))[0]?.data).toEqual(Object.values(first)[0]?.data);
        expect(made).toBe(3 * bytes);
      }
      expect(predictor.bytes).toBeGreaterThanOrEqual(2 * 2000 + bytes);
      expect(predictor.bytes).toBeLessThan(2 * 2000 + bytes + 100);
      await predictor.dispose();
    }
  });

  it('keeps the groups that fit', () => {
    const suffix: Suffix = {
      graph: new GraphBuilder().build(),
      boundary: [],
      masks: [
        {
          name: 'mask',
          node: 0,
          ratio: 0.5,
          sharing: 'joint',
          ...{ itemShape: [9], batchAxis: 0, perItem: 1 },
        },
      ],
      folded: [],
    };
    const draw = drawMasks(runtime, suffix, createRng('draw'), { passesPerRun: 2, keptGroups: 2 });
    const asked = (group: number): unknown => draw.feeds(group, 0, 1).mask;
    const [one, two, three, four] = [asked(0), asked(1), asked(2), asked(3)];
    expect(
      [asked(0), asked(1), asked(3)].map((tensor, i) => tensor === [one, two, four][i]),
    ).toEqual([true, true, true]);
    expect(asked(2)).not.toBe(three);
    expect(asked(2)).toEqual(three);
  });
});
