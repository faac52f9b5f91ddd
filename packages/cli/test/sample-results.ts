import { parseConfig } from '../src/config/parse-config.ts';
import { strategiesOf } from '../src/config/strategy.ts';
import { computeComparison } from '../src/run/compute-comparison.ts';
import type { CellResult, CurvePoint, Results } from '../src/run/results.ts';

/** Made-up results with the shape of real ones: curves that rise, three strategies, two seeds or more. */
export function sampleResults(seeds: readonly number[] = [0, 1]): Results {
  const config = parseConfig(
    `name: sample\ndataset: { kind: mnist }\nmodel: { kind: dbal-cnn }\nheuristics: [bald, entropy, random]\nseeds: [${seeds.join(', ')}]\n`,
    'sample.yaml',
  );
  const labels = Array.from({ length: 12 }, (_, i) => 20 + 10 * i);
  const speed: Readonly<Record<string, number>> = { bald: 38, entropy: 46, random: 60 };
  const accuracy = (heuristic: string, seed: number, labelled: number): number =>
    0.98 -
    0.55 * Math.exp(-(labelled - 20) / (speed[heuristic] as number)) +
    0.012 * ((seed % 2) - 0.5) +
    // What a strategy makes of a seed differs, so that differences between strategies spread.
    0.012 * Math.sin(5 * seed + (speed[heuristic] as number)) +
    0.006 * Math.sin(labelled * (seed + 1));
  const ece = (heuristic: string, labelled: number): number =>
    0.02 + 3 / labelled / (60 / (speed[heuristic] as number));
  const cells: CellResult[] = strategiesOf(config).flatMap(({ label: heuristic }) =>
    config.seeds.map((seed) => ({
      heuristic,
      seed,
      status: 'finished' as const,
      rounds: labels.map((labelled, round) => ({
        round,
        labelled,
        accuracy: accuracy(heuristic, seed, labelled),
        nll: 1,
        brier: 0.2,
        ece: ece(heuristic, labelled),
      })),
      acquiredPerClass: Array.from({ length: 10 }, (_, c) =>
        heuristic === 'random' ? 10 + ((c * 7 + seed) % 3) : 6 + ((c * 5 + seed) % 9),
      ),
      reliability: {
        count: [0, 5, 40, 100, 150, 200, 300, 500, 1200, 7505],
        confidence: Array.from({ length: 10 }, (_, b) => (b + 0.55) / 10),
        accuracy: Array.from({ length: 10 }, (_, b) =>
          Math.min(1, (b + 0.55) / 10 - 0.08 * Math.sin(b)),
        ),
      },
    })),
  );
  const curve = (heuristic: string, of: 'accuracy' | 'ece'): CurvePoint[] =>
    labels.map((labelled, round) => {
      const values = cells
        .filter((c) => c.heuristic === heuristic)
        .map((c) => c.rounds[round]?.[of] as number);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      return {
        labelled,
        mean,
        low: mean - 0.02,
        high: mean + 0.02,
        least: Math.min(...values),
        most: Math.max(...values),
        seeds: values.length,
      };
    });
  return {
    format: 'baal-results',
    version: 2,
    config,
    confidence: 0.95,
    cells,
    comparison: computeComparison(['bald', 'entropy', 'random'], cells, {
      baselines: new Map([
        ['bald', 'random'],
        ['entropy', 'random'],
      ]),
      confidence: 0.95,
    }),
    strategies: strategiesOf(config).map(({ label: heuristic }, i) => ({
      heuristic,
      accuracy: curve(heuristic, 'accuracy'),
      ece: curve(heuristic, 'ece'),
      labelsTo: [0.8, 0.85, 0.9, 0.95].map((level, l) => ({
        level,
        perSeed: [60 + 10 * l + 10 * i, l === 3 && i === 2 ? null : 70 + 10 * l + 10 * i],
        mean: l === 3 && i === 2 ? null : 65 + 10 * l + 10 * i,
        last: 130,
      })),
      ...(heuristic === 'random'
        ? {}
        : {
            saved: [0.8, 0.85, 0.9, 0.95].map((level, l) => ({
              level,
              mean: l === 3 ? null : 20 - 10 * i,
              low: l === 3 ? null : 5 - 10 * i,
              high: l === 3 ? null : 35 - 10 * i,
              seeds: l === 3 ? 0 : 2,
            })),
            factors: [0.8, 0.85, 0.9, 0.95].map((level, l) => ({
              level,
              factor: l === 3 ? null : 1.3 - 0.1 * i,
              low: l === 3 ? null : 0.9,
              high: l === 3 ? null : 1.8,
              seeds: l === 3 ? 0 : 2,
              unreached: 0,
              baselineUnreached: l === 3 ? 2 : 0,
            })),
          }),
    })),
  };
}
