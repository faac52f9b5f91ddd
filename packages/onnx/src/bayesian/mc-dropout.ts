import { ConfigError } from '@baal/core';
import { prune } from '../graph/rewrite.ts';
import { dropoutNodes, dropoutRatio, type MaskSharing, type Model } from '../model.ts';

/** Settings of {@link mcDropout}. */
export interface McDropoutOptions {
  /**
   * `joint` (default): in pass k all items share one mask, a draw of the weights. What BatchBALD and
   * EPIG need; common random numbers also rank items with less noise. `marginal`: each item draws
   * its own masks, as Baal does.
   */
  readonly masks?: MaskSharing;
}

/**
 * Makes a model Bayesian by Monte Carlo dropout: its Dropout layers stay on when it predicts, so that
 * K predictions are K samples of an approximate posterior. The given model is not changed; undo it
 * with {@link unpatch}.
 *
 * @throws ConfigError if the graph has no Dropout with a rate above 0: its "samples" would be equal.
 * @see Gal and Ghahramani 2016, Dropout as a Bayesian Approximation
 */
export function mcDropout(model: Model, options: McDropoutOptions = {}): Model {
  const { masks = 'joint' } = options;
  if (masks !== 'joint' && masks !== 'marginal') {
    throw new ConfigError(`mcDropout: masks is "${masks}", expected joint or marginal`);
  }
  if (!hasDropout(model)) {
    throw new ConfigError(
      `mcDropout: output "${model.output}" depends on no Dropout with a rate above 0, expected at least one; build the model with dropout layers, or export it in training mode so that they are kept`,
    );
  }
  return { ...model, posterior: { kind: 'mc-dropout', masks } };
}

/** Whether a model's output depends on a Dropout with a rate above 0, as {@link mcDropout} needs. O(nodes). */
export function hasDropout({ graph, output }: Model): boolean {
  // Only what the output depends on: a dropout in another head makes no posterior of this one.
  return dropoutNodes(prune(graph, [output])).some((node) => dropoutRatio(graph, node) > 0);
}

/** The model with deterministic predictions again. */
export function unpatch(model: Model): Model {
  const { posterior: _, ...deterministic } = model;
  return deterministic;
}
