import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { raiseOpset } from './rewrite.ts';

const graphOf = (version: number) => {
  const g = new GraphBuilder({ ...new GraphBuilder().build(), opsets: { '': version } }, 'net');
  g.input({ name: 'x', type: 'float32', shape: ['N', 2] });
  g.output(g.op('Relu', ['x']));
  return g.build();
};

describe('raiseOpset', () => {
  it.each([
    [13, 17],
    [16, 17],
    [17, 17],
    [21, 21],
  ])('operator set %i becomes %i', (version, raised) => {
    expect(raiseOpset(graphOf(version)).opsets).toEqual({ '': raised });
  });

  it('refuses what is older than 13', () => {
    expect(() => raiseOpset(graphOf(12))).toThrow(
      'graph "net" uses operator set 12, expected 13 or newer; export the model with opset 13',
    );
  });
});
