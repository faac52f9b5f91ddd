import { relu } from './activations.ts';
import { add, mul, sub } from './arithmetic.ts';
import { convolution } from './convolution.ts';
import { gemm, matMul } from './dense.ts';
import type { GradientRule } from './gradient-rule.ts';
import { maxPool } from './pooling.ts';
import { expand, identity, reshaping, transpose } from './shape-operators.ts';

/** The gradient rule of each operator, by its ONNX name. */
export const gradientRules: ReadonlyMap<string, GradientRule> = new Map<string, GradientRule>([
  ['Add', add],
  ['Conv', convolution],
  ['Expand', expand],
  ['Flatten', reshaping],
  ['Gemm', gemm],
  ['Identity', identity],
  ['MatMul', matMul],
  ['MaxPool', maxPool],
  ['Mul', mul],
  ['Relu', relu],
  ['Reshape', reshaping],
  ['Squeeze', reshaping],
  ['Sub', sub],
  ['Transpose', transpose],
  ['Unsqueeze', reshaping],
]);
