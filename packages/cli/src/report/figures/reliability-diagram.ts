import * as Plot from '@observablehq/plot';
import type { Reliability, Results } from '../../run/results.ts';
import { commonOptions, draw } from '../draw.ts';
import { escapeHtml } from '../html.ts';
import type { StrategyLook } from '../strategy-colours.ts';

interface Bin {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
  readonly accuracy: number;
  readonly share: number;
}

/** One reliability diagram a strategy, of the last round, all seeds together. */
export function reliabilityDiagrams(results: Results, looks: readonly StrategyLook[]): string {
  const panels = looks.map((look) => {
    const cells = results.cells.filter((cell) => cell.heuristic === look.label);
    return `<div><h3>${escapeHtml(look.name)}</h3>${diagram(look, poolBins(cells.map((c) => c.reliability)))}</div>`;
  });
  return `<div class="panels">${panels.join('')}</div>`;
}

function diagram(look: StrategyLook, bins: readonly Bin[]): string {
  const percentAxis = {
    percent: true,
    domain: [0, 100],
    ticks: [0, 25, 50, 75, 100],
    tickFormat: (d: number) => `${d}%`,
  };
  return draw(`Reliability diagram of ${look.name}`, {
    ...commonOptions,
    width: 340,
    height: 320,
    x: { ...percentAxis, label: 'confidence' },
    y: { ...percentAxis, label: 'accuracy', grid: true },
    // Areas grow with the share of items; the smallest dot can still be seen.
    r: { type: 'sqrt', range: [2.5, 11], domain: [0, 1] },
    marks: [
      Plot.rectY(bins, {
        x1: 'low',
        x2: 'high',
        y: 'accuracy',
        fill: look.colour,
        fillOpacity: 0.22,
        inset: 1,
      }),
      Plot.line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: 'currentColor', strokeOpacity: 0.5, strokeDasharray: '4 4' },
      ),
      Plot.ruleX(bins, {
        x: 'confidence',
        y1: 'confidence',
        y2: 'accuracy',
        stroke: look.colour,
        strokeWidth: 1.5,
      }),
      Plot.dot(bins, {
        x: 'confidence',
        y: 'accuracy',
        r: 'share',
        fill: look.colour,
        stroke: 'var(--surface)',
        title: (bin: Bin) =>
          `confidence ${(100 * bin.confidence).toFixed(1)}%, accuracy ${(100 * bin.accuracy).toFixed(1)}%, ${(100 * bin.share).toFixed(1)}% of the test set`,
      }),
    ],
  });
}

/** The bins of several runs as one: confidence and accuracy weighted by how many items they hold. */
export function poolBins(runs: readonly Reliability[]): readonly Bin[] {
  const bins = runs[0]?.count.length ?? 0;
  const total = runs.reduce((sum, run) => sum + run.count.reduce((a, b) => a + b, 0), 0);
  const pooled = Array.from({ length: bins }, (_, b) => {
    const weigh = (values: (run: Reliability) => readonly number[]): number =>
      runs.reduce((sum, run) => sum + (run.count[b] ?? 0) * (values(run)[b] ?? 0), 0);
    const count = runs.reduce((sum, run) => sum + (run.count[b] ?? 0), 0);
    return {
      low: b / bins,
      high: (b + 1) / bins,
      confidence: weigh((run) => run.confidence) / count,
      accuracy: weigh((run) => run.accuracy) / count,
      share: count / total,
    };
  });
  return pooled.filter((bin) => bin.share > 0);
}
