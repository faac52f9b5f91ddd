import { createLoss } from '../losses/get-loss.ts';
import { penalties } from '../losses/regularizer.ts';
import { freeze, type Model } from '../model.ts';
import { trainingOptimizer } from '../optimizers/training-optimizer.ts';
import type { OnnxRuntime } from '../runtime/onnx-runtime.ts';
import type { Settings } from '../training-args.ts';
import { Trainer } from './trainer.ts';

/**
 * The trainer that training arguments describe.
 *
 * @throws ConfigError if a setting is out of range, or a pattern matches no parameter
 */
export function createTrainer(
  runtime: OnnxRuntime,
  model: Model,
  settings: Settings,
): Promise<Trainer> {
  const { loss, regularizer, freeze: frozen, prefixCache, threads } = settings;
  return Trainer.create(runtime, frozen === undefined ? model : freeze(model, frozen), {
    losses: [{ output: model.output, loss: 'append' in loss ? loss : createLoss(loss) }],
    optimizer: (_, parameters) => trainingOptimizer(settings, parameters),
    threads,
    ...(regularizer === undefined
      ? {}
      : {
          regularizer: typeof regularizer === 'function' ? regularizer : penalties(regularizer),
        }),
    ...(prefixCache === null ? {} : { prefixCache }),
  });
}
