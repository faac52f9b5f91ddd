import * as Plot from '@observablehq/plot';
import type { Results } from '../../run/results.ts';
import { commonOptions, draw } from '../draw.ts';
import type { StrategyLook } from '../strategy-colours.ts';

/** The share of each class among what a strategy acquired, all seeds together. */
export function classBalance(results: Results, looks: readonly StrategyLook[]): string {
  const classes = Math.max(0, ...results.cells.map((cell) => cell.acquiredPerClass.length));
  const rows = looks.flatMap(({ label, name, colour }) => {
    const cells = results.cells.filter((cell) => cell.heuristic === label);
    const counts = Array.from({ length: classes }, (_, c) =>
      cells.reduce((sum, cell) => sum + (cell.acquiredPerClass[c] ?? 0), 0),
    );
    const total = counts.reduce((a, b) => a + b, 0);
    return counts.map((count, c) => ({
      class: String(c),
      strategy: label,
      name,
      colour,
      share: total === 0 ? 0 : count / total,
      count,
    }));
  });
  return draw('Share of each class among the acquired items', {
    ...commonOptions,
    width: 860,
    height: 300,
    marginTop: 34,
    fx: {
      label: 'class',
      domain: Array.from({ length: classes }, (_, c) => String(c)),
      padding: 0.18,
    },
    x: { axis: null, domain: looks.map((look) => look.label), padding: 0.12 },
    y: {
      label: 'share of acquired items',
      percent: true,
      grid: true,
      nice: true,
      tickFormat: (d) => `${d}%`,
    },
    marks: [
      Plot.barY(rows, {
        fx: 'class',
        x: 'strategy',
        y: 'share',
        fill: 'colour',
        rx: 2,
        title: (row) =>
          `${row.name}, class ${row.class}: ${row.count} items, ${(100 * row.share).toFixed(1)}%`,
      }),
      Plot.ruleY(classes === 0 ? [] : [1 / classes], {
        stroke: 'currentColor',
        strokeOpacity: 0.6,
        strokeDasharray: '4 4',
      }),
      Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.4 }),
    ],
  });
}
