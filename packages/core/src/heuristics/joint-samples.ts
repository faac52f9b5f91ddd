import type { Predictions } from '../predictions/predictions.ts';

/**
 * A check that posterior samples belong together, to call with every chunk of a stream in turn: pass k
 * must have used the same weights for all items.
 *
 * @throws TypeError if samples are marginal, or two chunks with items are not of one named draw.
 */
export function jointSamples(where: string): (chunk: Predictions) => void {
  let first: Predictions | undefined;
  return (chunk) => {
    if (chunk.samples !== 'joint') {
      throw new TypeError(
        `${where}: predictions have '${chunk.samples}' samples, expected 'joint' ones, where pass k used the same weights for every item; draw the masks once for all items, or use a heuristic that scores items one by one, e.g. powerBald()`,
      );
    }
    if (chunk.shape[0] === 0) return;
    first ??= chunk;
    if (chunk !== first && (chunk.draw === undefined || chunk.draw !== first.draw)) {
      throw new TypeError(
        `${where}: predictions come from several posterior draws, expected one named draw for all chunks, got ${name(first)} and ${name(chunk)}`,
      );
    }
  };
}

function name({ draw }: Predictions): string {
  return draw === undefined ? 'an unnamed one' : JSON.stringify(draw);
}
