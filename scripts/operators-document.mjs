// Writes docs/operators.md from the tables of gradient rules and lowerings:
//   node scripts/operators-document.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The standard operators of ONNX up to operator set 21, those on strings, sequences and optionals apart. */
const standard = `
Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization
Bernoulli BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu
CenterCropPad Clip Col2Im Compress Concat Constant ConstantOfShape Conv ConvInteger ConvTranspose Cos
Cosh CumSum DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear Einsum Elu
Equal Erf Exp Expand EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool
GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization HammingWindow HannWindow
HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization
LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool MatMul MatMulInteger Max MaxPool
MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg
NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul
QuantizeLinear RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal ReduceL1
ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
Relu Reshape Resize ReverseSequence RoiAlign Round STFT Scan ScatterElements ScatterND Selu Shape Shrink
Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split Sqrt
Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Where Xor
`
  .trim()
  .split(/\s+/);

const folder = new URL('../packages/onnx/src/operators/', import.meta.url);

/**
 * The operators of a table as it is written, each with the file of its rule.
 *
 * @param {string} table name of the table's file
 * @returns {Map<string, string>}
 */
function entriesOf(table) {
  const text = readFileSync(new URL(table, folder), 'utf8');
  /** @type {Map<string, string>} */
  const files = new Map();
  for (const [, names = '', file = ''] of text.matchAll(/import \{([^}]*)\} from '\.\/([^']+)'/g)) {
    for (const name of names.split(',')) files.set(name.trim(), file);
  }
  /** @type {Map<string, string>} */
  const entries = new Map();
  for (const [, operator = '', rule = ''] of text.matchAll(/\['([\w.]+)', (\w+)\]/g)) {
    entries.set(operator, files.get(rule) ?? table);
  }
  return entries;
}

/** Operators whose slope is zero everywhere, or whose result does not depend on the values that they read. */
function flatOperators() {
  const text = readFileSync(new URL('gradient-rules.ts', folder), 'utf8');
  return new Set([...text.matchAll(/\['([\w.]+)', flat\]/g)].map(([, name = '']) => name));
}

/** What becomes something else where its course is known before a run, and the file that sees to it. */
const resolved = new Map([
  ...['If', 'Loop', 'Scan'].map((name) => /** @type {const} */ ([name, 'control-flow.ts'])),
  ...[
    'ConcatFromSequence',
    'SequenceAt',
    'SequenceConstruct',
    'SequenceEmpty',
    'SequenceErase',
    'SequenceInsert',
    'SequenceLength',
    'SplitToSequence',
  ].map((name) => /** @type {const} */ ([name, 'static-sequences.ts'])),
]);

/** What docs/operators.md has to say. */
export function operatorsDocument() {
  const gradients = entriesOf('gradient-rules.ts');
  const lowered = entriesOf('lowerings.ts');
  const flat = flatOperators();
  const names = [
    ...new Set([...standard, ...gradients.keys(), ...lowered.keys(), ...resolved.keys()]),
  ].sort();
  /** @param {string} [file] */
  const link = (file) => `[${file}](../packages/onnx/src/operators/${file})`;
  const rows = names.map((name) => {
    if (flat.has(name)) return `| ${name} | flat | ${link(gradients.get(name))} |`;
    if (gradients.has(name)) return `| ${name} | gradient | ${link(gradients.get(name))} |`;
    const source = resolved.get(name);
    if (source !== undefined) {
      return `| ${name} | resolved | [${source}](../packages/onnx/src/graph/${source}) |`;
    }
    if (lowered.has(name)) return `| ${name} | lowered | ${link(lowered.get(name))} |`;
    return `| ${name} | run only | |`;
  });
  return `<!-- Written by scripts/operators-document.mjs from the tables in packages/onnx/src/operators/. -->

# Operators

What training can do with each operator of ONNX, operator sets 13 to 21. Prediction runs everything that
ONNX Runtime runs.

- **gradient** (${gradients.size - flat.size}): the operator has a gradient rule, compared with finite differences by the
  tests. The file says which of its settings the rule does not take; a node with one of those is an error that
  names the node.
- **flat** (${flat.size}): the slope is zero everywhere, or the result does not depend on the values read: no gradient
  passes, and training goes on.
- **lowered** (${lowered.size}): before a graph is differentiated, the operator is replaced by others that have
  a gradient.
- **resolved** (${resolved.size}): branches with a constant condition, loops with a constant number of rounds, and lists of
  tensors are replaced by what they come to: when a file is read, and before training, when conditions and numbers that
  depend on extents other than the batch size are known too. Those that depend on the data or the batch size are as run only.
- **run only**: the operator may stand anywhere in a trained graph where no gradient has to pass: in frozen
  parts, before the trained parameters, and wherever its result is an integer or a condition (shapes, indices,
  comparisons), because those do not change with small changes of a weight. Elsewhere it is an error that names
  the node, and nothing is trained.

How to add one: [CONTRIBUTING.md](../CONTRIBUTING.md). How rules are used: [engine.md](engine.md).

| operator | in training | rule |
|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../docs/operators.md', import.meta.url), operatorsDocument());
}
