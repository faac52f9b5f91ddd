/** How a strategy looks in every figure. */
export interface StrategyLook {
  readonly name: string;
  /** A CSS colour, which the page defines for light and dark. */
  readonly colour: string;
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

/** The strategies and their colours, above a figure. */
export function legend(looks: readonly StrategyLook[]): string {
  const items = looks.map(
    ({ name, colour }) => `<span><i style="background:${colour}"></i>${name}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}
