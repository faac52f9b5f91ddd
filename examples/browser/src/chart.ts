import { svg } from './svg.ts';

/** What is known after a training. */
export interface Point {
  /** Number of labels. */
  readonly labels: number;
  /** Share of test digits read rightly. */
  readonly accuracy: number;
  /** Mean BALD score of the pool, nats. */
  readonly uncertainty: number;
}

const [LEFT, RIGHT, TOP, BOTTOM] = [38, 326, 12, 164];

/** Draws accuracy (left axis, 0 to 1) and uncertainty (right axis) by number of labels. */
export function drawChart(chart: Element, points: readonly Point[]): void {
  const widest = Math.max(20, ...points.map(({ labels }) => labels));
  const highest = Math.max(0.2, ...points.map(({ uncertainty }) => Math.ceil(uncertainty * 5) / 5));
  const x = (labels: number): number => LEFT + (labels / widest) * (RIGHT - LEFT);
  const y = (share: number): number => BOTTOM - share * (BOTTOM - TOP);
  const parts: SVGElement[] = [];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(svg('line', { x1: LEFT, x2: RIGHT, y1: y(share), y2: y(share) }));
    const percent = `${100 * share} %`;
    parts.push(svg('text', { x: LEFT - 5, y: y(share) + 3, 'text-anchor': 'end' }, percent));
    if (share === 0.5 || share === 1 || share === 0) {
      parts.push(svg('text', { x: RIGHT + 5, y: y(share) + 3 }, (share * highest).toFixed(1)));
    }
  }
  for (const share of [0, 0.5, 1]) {
    const labels = Math.round(share * widest);
    const place = { x: x(labels), y: BOTTOM + 15, 'text-anchor': 'middle' };
    parts.push(svg('text', place, share === 1 ? `${labels} labels` : String(labels)));
  }
  const curves = [
    ['is-uncertainty', ({ uncertainty }: Point) => uncertainty / highest],
    ['is-accuracy', ({ accuracy }: Point) => accuracy],
  ] as const;
  for (const [name, share] of curves) {
    const places = points.map((point) => [x(point.labels), y(share(point))] as const);
    const path = places.map((place) => place.join(',')).join(' ');
    parts.push(svg('polyline', { class: name, points: path }));
    const last = places.at(-1);
    if (last !== undefined)
      parts.push(svg('circle', { class: name, cx: last[0], cy: last[1], r: 3.5 }));
  }
  chart.replaceChildren(...parts);
}
