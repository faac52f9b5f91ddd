import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/**
 * A plot as inline SVG, drawn without a browser. `label` says in words what it shows, for those who
 * do not see it.
 */
export function draw(label: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><body></body>');
  const svg = Plot.plot({ ...options, document, ariaLabel: label }) as unknown as {
    setAttribute(name: string, value: string): void;
    readonly outerHTML: string;
  };
  svg.setAttribute('role', 'img');
  return svg.outerHTML;
}

/** What all figures share: type size, grid, room for labels. */
export const commonOptions: Plot.PlotOptions = {
  style: { background: 'none', fontSize: '13px', fontFamily: 'inherit', overflow: 'visible' },
  marginLeft: 56,
  marginBottom: 44,
  marginTop: 26,
  marginRight: 24,
};
