import { describe, it } from 'vitest';
import { type below, expectLowered, type Operand, within } from '../../test/finite-differences.ts';
import { microsoft } from '../../test/microsoft.ts';
import type { AttributeValue, GraphBuilder } from '../graph/graph-builder.ts';

const small = within(-0.7, 0.7);
const int32 = (g: GraphBuilder, name: string): string => g.op('Cast', [name], { to: 6 });
/** Every row keeps its first position, as an attention mask does. */
const mask = (length: number) => (rng: Parameters<ReturnType<typeof below>>[0], size: number) =>
  Array.from({ length: size }, (_, i) => (i % length === 0 ? 1 : rng.int(2)));

describe("'Attention'", () => {
  const operands = {
    x: { shape: ['N', 3, 4], values: small },
    w: { shape: [4, 12], values: small },
    b: { shape: [12], values: small },
  } as const;
  const check = async (
    more: Readonly<Record<string, Operand>>,
    inputs: (g: GraphBuilder) => string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Promise<void> => {
    await expectLowered({
      build: (g) =>
        microsoft(g, 'Attention', ['x', 'w', ...inputs(g)], 1, {
          num_heads: 2,
          ...attributes,
        })[0] as string,
      operands: { ...operands, ...more },
    });
  };

  it('with a bias', async () => await check({}, () => ['b']));
  it('with a scale', async () => await check({}, () => ['b'], { scale: { float: 0.3 } }));
  it('that looks back only', async () => await check({}, () => ['b'], { unidirectional: 1 }));
  it('with a mask', async () =>
    await check({ m: { shape: ['N', 3], integer: true, values: mask(3) } }, (g) => [
      'b',
      int32(g, 'm'),
    ]));
  it('with a mask for each position', async () =>
    await check({ m: { shape: ['N', 3, 3], integer: true, values: mask(3) } }, (g) => [
      'b',
      int32(g, 'm'),
    ]));
  it('with lengths', async () =>
    await check(
      {
        m: {
          shape: ['N'],
          integer: true,
          values: (rng, size) => Array.from({ length: size }, () => 1 + rng.int(3)),
        },
      },
      (g) => ['b', int32(g, 'm')],
    ));
  it('with ends and starts', async () =>
    await check(
      {
        e: {
          shape: ['N'],
          integer: true,
          values: (_, size) => Array.from({ length: size }, () => 3),
        },
        s: {
          shape: ['N'],
          integer: true,
          values: (_, size) => Array.from({ length: size }, (_, i) => i % 3),
        },
      },
      (g) => ['b', int32(g, g.op('Concat', ['e', 's'], { axis: 0 }))],
    ));
  it('with a term for the scores', async () =>
    await check({ t: { shape: ['N', 2, 3, 3] } }, () => ['b', '', '', 't']));
  it('with values of another width', async () =>
    await check(
      { w: { shape: [4, 14], values: small }, b: { shape: [14], values: small } },
      () => ['b'],
      {
        qkv_hidden_sizes: [4, 4, 6],
      },
    ));
});

describe("'MultiHeadAttention'", () => {
  const operands = {
    q: { shape: ['N', 3, 4], values: small },
    k: { shape: ['N', 5, 4], values: small },
    v: { shape: ['N', 5, 4], values: small },
  } as const;
  const check = async (
    more: Readonly<Record<string, Operand>>,
    inputs: (g: GraphBuilder) => string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Promise<void> => {
    await expectLowered({
      build: (g) =>
        microsoft(g, 'MultiHeadAttention', ['q', 'k', 'v', ...inputs(g)], 1, {
          num_heads: 2,
          ...attributes,
        })[0] as string,
      operands: { ...operands, ...more },
    });
  };

  it('of other keys', async () => await check({}, () => []));
  it('with a bias and a scale', async () =>
    await check({ b: { shape: [12], values: small } }, () => ['b'], { scale: { float: 0.4 } }));
  it('with a mask', async () =>
    await check({ m: { shape: ['N', 5], integer: true, values: mask(5) } }, (g) => [
      '',
      int32(g, 'm'),
    ]));
  it('with a term for the scores', async () =>
    await check({ t: { shape: [1, 2, 3, 5] } }, () => ['', '', 't']));
  it('of keys and values that are in heads already', async () =>
    await check(
      { k: { shape: ['N', 2, 5, 2], values: small }, v: { shape: ['N', 2, 5, 2], values: small } },
      () => [],
    ));
});
