import { intAttribute, stringAttribute } from '../graph/graph.ts';
import { asNumbers, zerosLike } from './emit.ts';
import type { GradientContext, GradientRule } from './gradient-rule.ts';
import { productOfOthers, type SplitFactors, splitZeros } from './reductions.ts';

/** How values are put to the places that the indices name, and read from there. */
interface Places {
  /** X with U combined into it. */
  put(x: string, u: string, reduction?: 'add' | 'mul'): string;
  /** The values of X in those places, in the shape of U. */
  take(x: string): string;
}

/** X with slices U at coordinates, or combined with what is there. */
export const scatterNd: GradientRule = (context) => {
  const { g } = context;
  const indices = context.input(1);
  return scatter(context, {
    put: (x, u, reduction) =>
      g.op('ScatterND', [x, indices, u], reduction === undefined ? {} : { reduction }),
    take: (x) => g.op('GatherND', [x, indices]),
  });
};

/** The same value by value along an axis. */
export const scatterElements: GradientRule = (context) => {
  const { g, node } = context;
  const indices = context.input(1);
  const axis = intAttribute(node, 'axis', 0);
  return scatter(context, {
    put: (x, u, reduction) =>
      g.op('ScatterElements', [x, indices, u], {
        axis,
        ...(reduction === undefined ? {} : { reduction }),
      }),
    take: (x) => g.op('GatherElements', [x, indices], { axis }),
  });
};

/** Gradients of X and of U, each made when it is wanted. */
type Gradients = readonly [dX: () => string, dU: () => string];

function scatter(context: GradientContext, places: Places): readonly (string | undefined)[] {
  const dY = context.gradient();
  if (dY === undefined) return [];
  const [dX, dU] = gradientsOf(context, dY, places);
  return [context.needs(0) ? dX() : undefined, undefined, context.needs(2) ? dU() : undefined];
}

function gradientsOf(context: GradientContext, dY: string, places: Places): Gradients {
  switch (stringAttribute(context.node, 'reduction', 'none')) {
    case 'add':
      return [() => dY, () => places.take(dY)];
    case 'mul':
      return ofProduct(context, dY, places);
    case 'max':
    case 'min':
      return ofExtremum(context, dY, places);
    default:
      // Replaced: nothing of X is left there.
      return [() => places.put(dY, zerosLike(context, context.input(2))), () => places.take(dY)];
  }
}

/** Every factor of a place gets dY times the product of the others. */
function ofProduct(context: GradientContext, dY: string, { put, take }: Places): Gradients {
  const { g } = context;
  const [x, u] = [context.input(0), context.input(2)].map((name) => splitZeros(context, name)) as [
    SplitFactors,
    SplitFactors,
  ];
  const product = put(x.nonzero, u.nonzero, 'mul');
  const zeros = put(x.isZero, u.isZero, 'add');
  return [
    () => g.op('Mul', [dY, productOfOthers(context, x, { product, zeros })]),
    () => {
      const all = { product: take(product), zeros: take(zeros) };
      return g.op('Mul', [take(dY), productOfOthers(context, u, all)]);
    },
  ];
}

/** dY goes to the values that are the extremum of their place, in equal shares. */
function ofExtremum(context: GradientContext, dY: string, { put, take }: Places): Gradients {
  const { g } = context;
  const y = context.output();
  const ofX = asNumbers(context, g.op('Equal', [context.input(0), y]));
  const ofU = asNumbers(context, g.op('Equal', [context.input(2), take(y)]));
  const share = g.op('Div', [dY, put(ofX, ofU, 'add')]);
  return [() => g.op('Mul', [share, ofX]), () => g.op('Mul', [take(share), ofU])];
}
