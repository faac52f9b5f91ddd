import { groupNormalization, instanceNormalization } from './lowered-normalization.ts';
import type { Lowering } from './lowering.ts';

/** Operators that become others before a graph is differentiated, by their ONNX name. */
export const lowerings: ReadonlyMap<string, Lowering> = new Map<string, Lowering>([
  ['GroupNormalization', groupNormalization],
  ['InstanceNormalization', instanceNormalization],
]);
