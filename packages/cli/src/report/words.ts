import type { LevelResult, Results, SavedResult, StrategyResult } from '../run/results.ts';

/** Name of a strategy in a sentence: that of its heuristic, and what its label adds, `BALD b40`. */
export function displayName(label: string): string {
  const known: Readonly<Record<string, string>> = {
    bald: 'BALD',
    batchBald: 'BatchBALD',
    certainty: 'Certainty',
    committeeKl: 'Committee KL',
    entropy: 'Entropy',
    epig: 'EPIG',
    gibbsSampling: 'Gibbs sampling',
    leastConfidence: 'Least confidence',
    margin: 'Margin',
    powerBald: 'PowerBALD',
    powerEntropy: 'PowerEntropy',
    powerSampling: 'Power sampling',
    random: 'Random',
    rankBasedSampling: 'Rank-based sampling',
    variance: 'Variance',
    voteEntropy: 'Vote entropy',
  };
  const [kind = '', ...rest] = label.split('-');
  const name = known[kind];
  return name === undefined ? label : [name, ...rest].join(' ');
}

/** 0.9 as `90%`. */
export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)}%`;
}

/** Labels needed for a level: the mean over seeds, or more than were labelled. */
export function labelsTo(level: LevelResult): string {
  return level.mean === null ? `> ${level.last}` : plain(level.mean);
}

/** Labels saved against Random with their interval, or a dash where nothing can be compared. */
export function savedText(saved: SavedResult | undefined): string {
  if (saved === undefined || saved.mean === null) return '–';
  const { low, high } = saved;
  const interval =
    low === null || high === null || saved.seeds < 2 ? '' : ` [${plain(low)}, ${plain(high)}]`;
  return `${plain(saved.mean)}${interval}`;
}

/**
 * The sentence that says what came out: the strategy that saved most, at the highest level that can be
 * compared in all seeds (a level that only the lucky ones reach would flatter it).
 */
export function headline(results: Results): string {
  const best = results.strategies
    .flatMap((strategy) => (strategy.saved ?? []).map((saved) => ({ strategy, saved })))
    .filter(({ saved }) => saved.mean !== null && saved.seeds === results.config.seeds.length)
    .sort((a, b) => b.saved.level - a.saved.level || (b.saved.mean ?? 0) - (a.saved.mean ?? 0))[0];
  if (best !== undefined) return savedSentence(best.strategy, best.saved);
  return lastSentence(results.strategies);
}

/** Who ended highest, where no labels saved can be named. What looks equal is said to be equal. */
function lastSentence(strategies: readonly StrategyResult[]): string {
  const ends = strategies
    .flatMap(({ heuristic, accuracy }) => {
      const last = accuracy.at(-1);
      return last === undefined ? [] : [{ name: displayName(heuristic), last }];
    })
    .sort((a, b) => b.last.mean - a.last.mean);
  const [first] = ends;
  if (first === undefined) return 'No round is finished yet.';
  const shown = percent(first.last.mean, 1);
  const level = ends.filter(({ last }) => percent(last.mean, 1) === shown);
  if (ends.length === 1) {
    return `${first.name} reached ${shown} test accuracy with ${first.last.labelled} labels.`;
  }
  if (level.length === 1) {
    return `${first.name} came furthest: ${shown} test accuracy with ${first.last.labelled} labels.`;
  }
  const each = level.map(({ name, last }) => `${name} with ${last.labelled} labels`);
  return `${listed(each)} came to the same ${shown} test accuracy.`;
}

/** `a, b and c`. */
function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function savedSentence(strategy: StrategyResult, saved: SavedResult): string {
  const name = displayName(strategy.heuristic);
  const mean = saved.mean ?? 0;
  const runs = `over ${saved.seeds} paired ${saved.seeds === 1 ? 'seed' : 'seeds'}`;
  const need = strategy.labelsTo.find((level) => level.level === saved.level)?.mean;
  const withLabels = need === null || need === undefined ? '' : ` with ${plain(need)} labels`;
  const compared =
    mean > 0
      ? `${plain(mean)} fewer than Random`
      : mean < 0
        ? `${plain(-mean)} more than Random`
        : 'as many as Random';
  return `${name} reached ${percent(saved.level)} test accuracy${withLabels}, ${compared} (mean ${runs}).`;
}

function plain(value: number): string {
  return String(Math.round(value * 10) / 10);
}
