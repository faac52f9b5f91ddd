import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { raiseOpset, rewriteNodes } from './rewrite.ts';

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

  it.each([
    [13, 3, { training_mode: { int: 1 } }],
    [14, 5, {}],
  ])(
    'says that batch normalisation trains in the words of 17, from %i',
    (version, count, attributes) => {
      const outputs = ['y', 'mean', 'variance', 'saved_mean', 'saved_variance'];
      const node = {
        name: '',
        opType: 'BatchNormalization',
        domain: '',
        inputs: ['x'],
        outputs,
        attributes: {},
      };
      const [raised] = raiseOpset({ ...graphOf(version), nodes: [node] }).nodes;
      expect(raised).toEqual({ ...node, outputs: outputs.slice(0, count), attributes });
    },
  );

  it.each([
    [13, { coordinate_transformation_mode: { string: 'output_half_pixel' } }],
    [16, {}],
  ])('keeps the default of RoiAlign, from %i', (version, attributes) => {
    const node = {
      name: '',
      opType: 'RoiAlign',
      domain: '',
      inputs: ['x'],
      outputs: ['y'],
      attributes: {},
    };
    expect(raiseOpset({ ...graphOf(version), nodes: [node] }).nodes[0]?.attributes).toEqual(
      attributes,
    );
  });

  it('refuses what is older than 13', () => {
    expect(() => raiseOpset(graphOf(12))).toThrow(
      'graph "net" uses operator set 12, expected 13 or newer; export the model with opset 13',
    );
  });
});

describe('rewriteNodes', () => {
  it('gives no new node the name of one that is there, whatever its outputs are called', () => {
    const g = new GraphBuilder(undefined, 'net');
    g.input({ name: 'x', type: 'float32', shape: ['N', 2] });
    const nodeOf = (name: string, input: string, output: string) =>
      g.node({
        name,
        opType: 'Relu',
        domain: '',
        inputs: [input],
        outputs: [output],
        attributes: {},
      });
    nodeOf('first', 'x', 'a');
    nodeOf('neg', 'a', 'b');
    const rewritten = rewriteNodes(g.build(), (target, node) => {
      if (node.name !== 'first') return false;
      const negative = target.op('Neg', ['x']);
      target.node({ ...node, inputs: [negative] });
      return true;
    }).build();
    const names = rewritten.nodes.map(({ name }) => name);
    expect(names).toHaveLength(3);
    expect(new Set(names).size).toBe(3);
    expect(new GraphBuilder(g.build()).op('Neg', ['b'])).not.toBe('neg');
  });
});
