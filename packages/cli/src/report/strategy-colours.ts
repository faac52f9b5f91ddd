import { isBaseline, type Strategy } from '../config/strategy.ts';
import { escapeHtml } from './html.ts';
import { strategyName } from './strategy-names.ts';

/** How a strategy looks in every figure. */
export interface StrategyLook {
  /** Its label, as results have it. */
  readonly label: string;
  /** What it is called. */
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
export function strategyLooks(strategies: readonly Strategy[]): readonly StrategyLook[] {
  const baselines = strategies.filter(isBaseline);
  let next = 0;
  return strategies.map((strategy) => ({
    label: strategy.label,
    name: strategyName(strategy),
    colour:
      baselines.length === 1 && strategy === baselines[0]
        ? 'var(--baseline)'
        : `var(--series-${(next++ % 6) + 1})`,
  }));
}

/** The strategies and their lines, above a figure. */
export function legend(looks: readonly Omit<StrategyLook, 'label'>[]): string {
  const items = looks.map(
    ({ name, colour, dashes }) =>
      `<span><svg viewBox="0 0 26 4" aria-hidden="true"><path d="M0 2H26" stroke="${colour}"${
        dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`
      }/></svg>${escapeHtml(name)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}
