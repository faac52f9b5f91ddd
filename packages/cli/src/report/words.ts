import type {
  FactorResult,
  LevelResult,
  Results,
  SavedResult,
  StrategyResult,
} from '../run/results.ts';

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
  return `${plain(saved.mean)}${interval(saved, plain)}`;
}

/** A data-saving factor with its interval, e.g. `1.24 [1.02, 1.51]`; a dash where nothing can be compared. */
export function factorText(factor: FactorResult): string {
  if (factor.factor === null) return '–';
  return `${ratio(factor.factor)}${interval(factor, ratio)}`;
}

/** Behind a figure that only some of the paired seeds have: ` in 2 of 6`; nothing where all or none have it. */
export function ofSeeds({ seeds }: { readonly seeds: number }, all: number): string {
  return seeds === 0 || seeds >= all ? '' : ` in ${seeds} of ${all}`;
}

/** A difference of two accuracies in percentage points, e.g. `+2.1`. */
export function points(difference: number): string {
  const text = (100 * difference).toFixed(1);
  return difference > 0 ? `+${text}` : text.replace('-0.0', '0.0');
}

/** An interval in brackets after a space; nothing where there is none. */
export function interval(
  { low, high }: { readonly low: number | null; readonly high: number | null },
  show: (value: number) => string,
): string {
  return low === null || high === null ? '' : ` [${show(low)}, ${show(high)}]`;
}

/** A p-value to 3 digits; a dash where no test could be made. */
export function pText(p: number | null): string {
  if (p === null) return '–';
  return p < 0.001 ? '< 0.001' : String(Number(p.toPrecision(3)));
}

/** A p-value in a sentence: `p = 0.02`. */
export function pWords(p: number | null): string {
  return p !== null && p < 0.001 ? 'p < 0.001' : `p = ${pText(p)}`;
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
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
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

/** Two seeds may have intervals over many powers of ten, of which nobody wants the digits. */
function ratio(value: number): string {
  if (value < 0.01) return '< 0.01';
  return value >= 100 ? '> 100' : value.toFixed(2);
}
