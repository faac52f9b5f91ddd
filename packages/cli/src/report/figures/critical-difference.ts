import * as Plot from '@observablehq/plot';
import type { RankResult } from '../../run/comparison.ts';
import { commonOptions, draw } from '../draw.ts';
import type { StrategyLook } from '../strategy-colours.ts';

interface Place {
  /** Label of the strategy. */
  readonly strategy: string;
  readonly name: string;
  readonly rank: number;
  readonly colour: string;
  /** Row of its label, from 1. */
  readonly row: number;
  /** Side of the figure that its label is on. */
  readonly side: 'left' | 'right';
}

/**
 * Mean ranks on a line, 1 is best, as Demšar draws them: a thick bar joins strategies that cannot be told
 * apart, a bar above the line shows the critical difference.
 *
 * @see Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets (2006), section 3.2.4
 */
export function criticalDifferenceDiagram(
  ranks: RankResult,
  looks: readonly StrategyLook[],
): string {
  const k = ranks.strategies.length;
  const places = placesOf(ranks, looks);
  const rankOf = (strategy: string): number =>
    places.find((place) => place.strategy === strategy)?.rank ?? 1;
  const bars = ranks.groups.map((group, i) => ({
    x1: Math.min(...group.map(rankOf)),
    x2: Math.max(...group.map(rankOf)),
    y: 0.45 + 0.35 * i,
  }));
  // Labels begin below the lowest bar.
  const top = 0.45 + 0.35 * bars.length;
  const rows = Math.ceil(k / 2);
  const at = (place: Place): number => top + 0.75 * (place.row - 0.35);
  // At most as long as the line: the number beside it says how long it is.
  const length = Math.min(ranks.criticalDifference, k - 1);
  const whole = length === ranks.criticalDifference;
  const edge = (place: Place): number => (place.side === 'left' ? 1 : k);
  const line = { stroke: 'currentColor', strokeOpacity: 0.55 };
  const label = { text: 'label', fill: 'currentColor', fontSize: 14 };
  const labels = places.map((place) => ({
    x: edge(place),
    y: at(place),
    side: place.side,
    label: `${place.name}  ${place.rank.toFixed(2)}`,
  }));
  return draw('Mean ranks of the strategies, with the critical difference', {
    ...commonOptions,
    width: 860,
    height: 96 + 30 * (rows + 0.45 * bars.length),
    marginLeft: 210,
    marginRight: 210,
    marginTop: 14,
    marginBottom: 10,
    x: { domain: [1, k], axis: null },
    y: { domain: [-1.5, top + 0.75 * rows], reverse: true, axis: null },
    marks: [
      Plot.ruleY([0], { x1: 1, x2: k, stroke: 'currentColor' }),
      Plot.text(
        Array.from({ length: k }, (_, i) => i + 1),
        { x: (rank: number) => rank, y: -0.35, text: (rank: number) => String(rank) },
      ),
      Plot.link(places, {
        x1: 'rank',
        x2: 'rank',
        y1: 0,
        y2: at,
        stroke: 'colour',
        strokeWidth: 1.6,
      }),
      Plot.link(places, {
        x1: 'rank',
        x2: edge,
        y1: at,
        y2: at,
        stroke: 'colour',
        strokeWidth: 1.6,
      }),
      Plot.dot(places, { x: 'rank', y: 0, fill: 'colour', r: 5, stroke: 'var(--surface)' }),
      Plot.link(bars, {
        x1: 'x1',
        x2: 'x2',
        y1: 'y',
        y2: 'y',
        stroke: 'currentColor',
        strokeWidth: 5,
        strokeLinecap: 'round',
      }),
      Plot.text(
        labels.filter(({ side }) => side === 'left'),
        { ...label, x: 'x', y: 'y', textAnchor: 'end', dx: -10 },
      ),
      Plot.text(
        labels.filter(({ side }) => side === 'right'),
        { ...label, x: 'x', y: 'y', textAnchor: 'start', dx: 10 },
      ),
      Plot.link([1], { x1: 1, x2: 1 + length, y1: -1, y2: -1, ...line, strokeWidth: 2 }),
      Plot.link(whole ? [1, 1 + length] : [1], {
        x1: (x: number) => x,
        x2: (x: number) => x,
        y1: -1.15,
        y2: -0.85,
        ...line,
        strokeWidth: 2,
      }),
      Plot.text([whole ? '' : ' …'], {
        x: 1 + length,
        y: -1,
        dx: 10,
        textAnchor: 'start',
        text: (end: string) =>
          `${end} critical difference ${ranks.criticalDifference.toFixed(2)}`.trim(),
      }),
    ],
  });
}

/** The better half is labelled on the left, best on top, the other on the right, worst on top: no lines cross. */
function placesOf(ranks: RankResult, looks: readonly StrategyLook[]): readonly Place[] {
  const order = ranks.strategies
    .map(({ heuristic: strategy, rank }) => {
      const look = looks.find(({ label }) => label === strategy);
      return {
        strategy,
        name: look?.name ?? strategy,
        rank,
        colour: look?.colour ?? 'currentColor',
      };
    })
    .sort((a, b) => a.rank - b.rank);
  const left = Math.ceil(order.length / 2);
  return order.map((one, i) =>
    i < left
      ? { ...one, side: 'left', row: i + 1 }
      : { ...one, side: 'right', row: order.length - i },
  );
}
