import { escapeHtml } from './html.ts';
import { displayName } from './words.ts';

/** How a strategy looks in every figure. */
export interface StrategyLook {
  readonly name: string;
  /** A CSS colour, which the page defines for light and dark. */
  readonly colour: string;
  /** Dashes and gaps of its line in pixels, e.g. `7 4`; a solid line if not given. */
  readonly dashes?: string;
}

/** Dashes of the lines of the i-th of several runs; the first is solid. */
export function runDashes(index: number): { readonly dashes?: string } {
  const dashes = [undefined, '7 4', '2 3', '12 4', '8 3 2 3'][index % 5];
  return dashes === undefined ? {} : { dashes };
}

/**
 * One look a strategy, in the order given. Random is the baseline and grey, if there is one of it; the others
 * take the colours of the page in turn.
 */
export function strategyLooks(names: readonly string[]): readonly StrategyLook[] {
  const baselines = names.filter((name) => /^random(-b\d+)?$/.test(name));
  let next = 0;
  return names.map((name) => ({
    name,
    colour:
      baselines.length === 1 && name === baselines[0]
        ? 'var(--baseline)'
        : `var(--series-${(next++ % 6) + 1})`,
  }));
}

/** The strategies and their lines, above a figure. */
export function legend(looks: readonly StrategyLook[]): string {
  const items = looks.map(
    ({ name, colour, dashes }) =>
      `<span><svg viewBox="0 0 26 4" aria-hidden="true"><path d="M0 2H26" stroke="${colour}"${
        dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`
      }/></svg>${escapeHtml(displayName(name))}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}
