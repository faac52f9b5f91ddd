import { type Command, Option } from 'commander';
import { providers } from '../model/load-runtime.ts';
import { inputFeed } from '../score/input-feed.ts';
import {
  extents,
  integer,
  names,
  number,
  numbers,
  predictionKinds,
  rate,
  type ScoreOptions,
  scoringHeuristics,
  wholeNumber,
} from '../score/score-options.ts';

const examples = `
Examples:
  baal score model.onnx pool.csv --kind logits --id name --top 100 --out scores.csv
  baal score bert.onnx tokens.npz --kind logits --dropout 0.1    # arrays named like the inputs
  baal score bert.onnx --input input_ids=ids.npy --padding 0 --kind logits --dropout 0.1
  baal score model.onnx images/ --shape 3x224x224 --scale 0.00392156862745098 --kind logits`;

/** Adds `baal score` with its options, in the order in which they are needed. */
export function addScoreCommand(
  program: Command,
  action: (model: string, data: string | undefined, options: ScoreOptions) => Promise<void>,
): void {
  program
    .command('score')
    .description('The uncertainty of every item of a pool, by any ONNX model.')
    .argument('<model>', 'ONNX file')
    .argument('[data]', 'pool: .csv, .tsv, .npy, .npz, IDX, or a folder of images')
    .configureHelp({ optionDescription: shortDescription })
    .optionsGroup('Result:')
    .option('--top <n>', 'items to show', wholeNumber(0), 20)
    .option('--out <file>', 'all scores as CSV; interrupted, the same command goes on')
    .option('--json', 'the result as JSON')
    .optionsGroup('Score:')
    .addOption(
      new Option('--heuristic <name>', 'measure').choices([...scoringHeuristics]).default('bald'),
    )
    .addOption(
      new Option('--reduction <name>', 'of the pixels or tokens of an item').choices([
        'mean',
        'max',
        'min',
        'sum',
      ]),
    )
    .option('--iterations <n>', 'posterior samples an item', wholeNumber(1, 10_000), 20)
    .addOption(
      new Option('--masks <sharing>', 'a dropout mask for all items, or one each')
        .choices(['joint', 'marginal'])
        .default('joint'),
    )
    .option('--seed <n>', 'of the dropout masks (0)', wholeNumber(0), 0)
    .optionsGroup('Model:')
    .addOption(
      new Option('--kind <kind>', 'of the output, unless its operator says').choices([
        ...predictionKinds,
      ]),
    )
    .option('--output <name>', 'default: the first')
    .option('--class-axis <n>', 'of the output; -1 for taggers; default: 1', integer)
    .option('--dropout <rate>', 'puts Dropout into a model that has none', rate)
    .option('--dropout-at <names>', 'values or nodes; default: the last dense layer', names)
    .optionsGroup('Pool:')
    .option('--input <feed>', 'NAME, NAME=FILE, NAME=columns:a,c-e or NAME=NUMBER', inputFeed)
    .option('--padding <id>', 'makes attention_mask: 1 where input_ids is not id', integer)
    .option('--id <column>', 'CSV: name of an item, by name or number from 1')
    .option('--label <column>', 'CSV: class of an item; accuracies are shown too')
    .option('--labels <file>', 'the same in a file of its own')
    .option('--columns <names>', 'CSV: inputs, e.g. 1-32; default: all others', names)
    .option('--header', 'CSV: the first line holds names; default: found out')
    .option('--no-header', 'CSV: the first line is an item')
    .option('--delimiter <text>', 'CSV: between the fields of a line')
    .option('--shape <extents>', 'of one item, e.g. 3x224x224', extents)
    .option('--scale <factor>', 'on the raw values', number, 1)
    .option('--mean <numbers>', 'subtracted then; one, or one a channel', numbers, [0])
    .option('--std <numbers>', 'divides then; one, or one a channel', numbers, [1])
    .optionsGroup('Machine:')
    .option('--threads <n>', 'as the runtime decides unless given', wholeNumber(1, 256), 0)
    .addOption(
      new Option('--provider <name>', 'what computes, cpu unless given').choices([...providers]),
    )
    .option('--fallback', 'cpu where the provider is missing')
    .option('--debug', 'the stack of an error')
    .addHelpText('after', examples)
    .action(action);
}

/** Choices and the default, in as few words as a screen has room for. */
function shortDescription({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
  const standard = defaultValue === undefined || defaultValue === 0 ? '' : ` (${defaultValue})`;
  return `${description}${choices}${standard}`;
}
