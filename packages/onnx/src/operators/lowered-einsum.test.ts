import { describe, expect, it } from 'vitest';
import { expectLowered, type Operand } from '../../test/finite-differences.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { loadOnnxRuntime } from '../runtime/onnx-runtime.ts';
import { traceGraph } from '../runtime/trace.ts';
import { lowerOperators } from './lower-operators.ts';

describe("'Einsum'", () => {
  it.each<[string, ...Operand['shape'][]]>([
    ['bij,jk->bik', ['N', 3, 4], [4, 2]],
    ['bhid,bhjd->bhij', ['N', 2, 3, 4], ['N', 2, 5, 4]],
    ['bhij,bhjd->bihd', ['N', 2, 3, 5], ['N', 2, 5, 4]],
    ['bi,bj->bij', ['N', 3], ['N', 2]],
    ['bi,bi->b', ['N', 3], ['N', 3]],
    ['bi,bi->', ['N', 3], ['N', 3]],
    ['bij->ji', ['N', 3, 2]],
    ['bij->jbi', ['N', 3, 2]],
    ['bi,ij,j->b', ['N', 3], [3, 2], [2]],
    ['bi,k->bi', ['N', 3], [4]],
    ['bi,cj->bcij', ['N', 2], ['N', 3]],
    ['nc,mc->nm', ['N', 3], ['N', 3]],
    ['nc,nd->cd', ['N', 3], ['N', 2]],
    ['b i j , j k', ['N', 3, 4], [4, 2]],
    ['...ij,...jk->...ik', ['N', 2, 3, 4], ['N', 2, 4, 3]],
    ['...d,dk->...k', ['N', 2, 3, 4], [4, 2]],
    ['b...i,ij->b...j', ['N', 2, 3], [3, 2]],
    ['bchw,cd->bdhw', ['N', 3, 2, 2], [3, 4]],
  ])('%s of %j %j %j', async (equation, ...shapes) => {
    const operands = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { shape }]));
    await expectLowered({
      build: (g) => g.op('Einsum', Object.keys(operands), { equation }),
      operands,
    });
  });

  it('refuses a diagonal', async () => {
    const g = new GraphBuilder();
    g.input({ name: 'x', type: 'float32', shape: ['N', 3, 3] });
    g.op('Einsum', ['x'], { equation: 'bii->bi' }, 'diagonal');
    const trace = await traceGraph(await loadOnnxRuntime(), g.build());
    expect(() => lowerOperators(g.build(), trace)).toThrow(
      'Einsum "diagonal" "bii->bi" has "i" twice in one operand',
    );
  });
});
