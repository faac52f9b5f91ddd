import { BaalError } from '@baal/core';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Context } from './commands/context.ts';
import type { RunCommandOptions } from './commands/run-command.ts';
import { addScoreCommand } from './commands/score-arguments.ts';
import { errorText, exitCodes } from './errors.ts';
import { ownVersion } from './run/environment.ts';

/**
 * The command `baal`. Resolves to the exit code: 0, 1 if a cell failed, 2 for bad input, 130 if it was
 * interrupted. What a command needs is loaded with it: the libraries that draw reports take a second.
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
      const { runCommand } = await import('./commands/run-command.ts');
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
    .action(async (directory: string, { compare }: { readonly compare?: readonly string[] }) => {
      if (compare === undefined) {
        const { reportCommand } = await import('./commands/report-command.ts');
        code = reportCommand(directory, context);
      } else {
        const { compareCommand } = await import('./commands/compare-command.ts');
        code = compareCommand(directory, compare, context);
      }
    });
  addScoreCommand(program, async (model, data, options) => {
    const { scoreCommand } = await import('./commands/score-command.ts');
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
