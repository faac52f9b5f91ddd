import { BaalError } from '@baal/core';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { compareCommand } from './commands/compare-command.ts';
import type { Context } from './commands/context.ts';
import { reportCommand } from './commands/report-command.ts';
import { type RunCommandOptions, runCommand } from './commands/run-command.ts';
import { scoreCommand } from './commands/score-command.ts';
import { errorText, exitCodes } from './errors.ts';
import { ownVersion } from './run/environment.ts';
import {
  extents,
  names,
  number,
  numbers,
  predictionKinds,
  type ScoreOptions,
  scoringHeuristics,
  wholeNumber,
} from './score/score-options.ts';

/**
 * The command `baal`. Resolves to the exit code: 0, 1 if a cell failed, 2 for bad input, 130 if it was
 * interrupted.
 */
export async function baal(args: readonly string[], context: Context): Promise<number> {
  let code: number = exitCodes.ok;
  const program = new Command('baal')
    .description('Bayesian active learning: compare strategies, see how many labels they save.')
    .version(ownVersion())
    .option('--debug', 'show the stack of an error')
    .addHelpText(
      'after',
      '\nExample:\n  baal run examples/mnist.yaml\n  baal report runs/mnist\n  baal score model.onnx pool.csv --top 100',
    );
  program
    .command('run')
    .description(
      'Run an experiment: a grid of strategies (heuristics, with options, and query sizes) and seeds.',
    )
    .argument('<config>', 'YAML or JSON file; its keys are in schema/config.schema.json')
    .option('--out <dir>', 'run directory (default: runs/<name of the experiment>)')
    .option('--seeds <list>', 'seeds instead of those in the config, e.g. 0,1,2', parseSeeds)
    .option('--jobs <n>', 'cells at a time (default: one a core)', parseJobs)
    .option('--resume', 'go on with what the run directory has')
    .option('--debug', 'show the stack of an error')
    .addHelpText(
      'after',
      '\nExamples:\n  baal run examples/mnist.yaml\n  baal run examples/mnist.yaml --seeds 0,1,2 --jobs 2 --out runs/three\n  baal run examples/mnist.yaml --resume\n\n' +
        'In the config:\n  heuristics: [bald, { kind: powerBald, temperature: 0.25 }, random]\n' +
        '  querySize: [5, 10, 40]   # a list needs the key labels in place of rounds\n  labels: 300',
    )
    .action(async (config: string, options: RunCommandOptions) => {
      code = await runCommand(config, { ...program.opts(), ...options }, context);
    });
  program
    .command('report')
    .description(
      'Write table, plot and report.html of a run directory from its journals, or compare runs.',
    )
    .argument('<dir>', 'run directory, e.g. runs/mnist')
    .option('--debug', 'show the stack of an error')
    .option(
      '--compare <dirs...>',
      'compare it with other finished runs on the same data; writes compare-<their names>.html into <dir>',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  baal report runs/mnist\n  baal report runs/mnist --compare runs/mnist-lenet',
    )
    .action((directory: string, { compare }: { readonly compare?: readonly string[] }) => {
      code =
        compare === undefined
          ? reportCommand(directory, context)
          : compareCommand(directory, compare, context);
    });
  addScoreCommand(program, async (model, data, options) => {
    code = await scoreCommand(model, data, options, context);
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => context.terminal.line(text.trimEnd()),
      writeErr: (text) => context.complain(text.trimEnd()),
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput;
    context.complain(errorText(error, args.includes('--debug')));
    return error instanceof BaalError || error instanceof RangeError
      ? exitCodes.badInput
      : exitCodes.failedCell;
  }
}

function addScoreCommand(
  program: Command,
  action: (model: string, data: string, options: ScoreOptions) => Promise<void>,
): void {
  program
    .command('score')
    .description('The uncertainty of every item of a pool, by any ONNX model.')
    .argument('<model>', 'ONNX file')
    .argument('<data>', 'pool: .csv, .tsv, .npy, an IDX file, or a folder of images')
    .addOption(
      new Option('--heuristic <name>', 'how uncertainty is measured')
        .choices([...scoringHeuristics])
        .default('bald'),
    )
    .addOption(
      new Option(
        '--reduction <name>',
        'brings the scores of the pixels or tokens of an item to one',
      ).choices(['mean', 'max', 'min', 'sum']),
    )
    .option('--iterations <n>', 'posterior samples an item', wholeNumber(1), 20)
    .addOption(
      new Option('--masks <sharing>', 'one dropout mask a pass for all items, or one an item')
        .choices(['joint', 'marginal'])
        .default('joint'),
    )
    .option('--seed <n>', 'seed of the dropout masks', wholeNumber(0), 0)
    .option('--top <n>', 'how many items to show', wholeNumber(0), 20)
    .option('--out <file>', 'writes all scores to a CSV file')
    .option('--json', 'prints the result as JSON')
    .option('--input <name>', 'input of the model (default: the first)')
    .option('--output <name>', 'output of the model (default: the first)')
    .addOption(
      new Option('--kind <kind>', 'what the output is (default: by its last operator)').choices([
        ...predictionKinds,
      ]),
    )
    .option('--dropout <rate>', 'puts Dropout into a model that has none', number)
    .option(
      '--dropout-at <names>',
      'values or nodes where (default: before the last dense layer)',
      names,
    )
    .option('--shape <extents>', 'shape of one item, e.g. 3x224x224; needed for images', extents)
    .option('--scale <factor>', 'factor on the raw values, e.g. 0.00392156862745098', number, 1)
    .option('--mean <numbers>', 'subtracted after scaling, one or one a channel', numbers, [0])
    .option('--std <numbers>', 'divisor after subtracting, one or one a channel', numbers, [1])
    .option('--header', 'the first line of the CSV file holds names (default: found out)')
    .option('--no-header', 'the first line of the CSV file is an item')
    .option('--delimiter <text>', 'between the fields of a line')
    .option('--id <column>', 'CSV column with the name of an item, by its name or number from 1')
    .option('--label <column>', 'CSV column with the class of an item: accuracies are shown too')
    .option('--columns <names>', 'CSV columns that are the inputs (default: all others)', names)
    .option('--labels <file>', 'classes of the items in a file of their own (.csv, .npy, IDX)')
    .option('--threads <n>', 'threads (default: as the runtime decides)', wholeNumber(1), 0)
    .option('--debug', 'show the stack of an error')
    .addHelpText(
      'after',
      '\nExamples:\n  baal score model.onnx pool.csv --id name --top 100 --out scores.csv' +
        '\n  baal score model.onnx images/ --shape 3x224x224 --scale 0.00392156862745098 --kind logits',
    )
    .action(action);
}

function parseSeeds(text: string): readonly number[] {
  const seeds = text
    .split(',')
    .map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (!seeds.every(Number.isSafeInteger) || new Set(seeds).size !== seeds.length) {
    throw new InvalidArgumentError('expected different whole numbers with commas, e.g. 0,1,2.');
  }
  return seeds;
}

function parseJobs(text: string): number {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new InvalidArgumentError('expected a whole number of 1 or more.');
  }
  return jobs;
}
