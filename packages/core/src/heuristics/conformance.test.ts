import { describe, it } from 'vitest';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { heuristicConformance } from '../testing/heuristic-conformance.ts';
import { PREDICTION_KINDS, samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { certainty } from './certainty.ts';
import { combineHeuristics, SCALES } from './combine-heuristics.ts';
import { entropy } from './entropy.ts';
import { epig } from './epig.ts';
import { gibbsSampling } from './gibbs-sampling.ts';
import { margin } from './margin.ts';
import { powerBald, powerEntropy, powerSampling } from './power-sampling.ts';
import { precomputed } from './precomputed.ts';
import { committeeKl, voteEntropy } from './query-by-committee.ts';
import { random } from './random.ts';
import { rankBasedSampling } from './rank-based-sampling.ts';
import { variance } from './variance.ts';

const runner = { describe, it };

heuristicConformance((reduction) => bald({ reduction }), runner, { minSamples: 2 });
heuristicConformance((reduction) => entropy({ reduction }), runner);
heuristicConformance(() => random(), runner, { random: true, kinds: PREDICTION_KINDS });
heuristicConformance((reduction) => margin({ reduction }), runner);
heuristicConformance((reduction) => certainty({ reduction }), runner);
heuristicConformance((reduction) => variance(reduction === 'none' ? {} : { reduction }), runner, {
  minSamples: 2,
  kinds: PREDICTION_KINDS,
  spatial: false,
});
heuristicConformance((reduction) => precomputed({ direction: 'lowest', reduction }), runner, {
  kinds: ['values'],
  samples: 1,
  outputs: 1,
});
heuristicConformance((reduction) => powerBald({ reduction }), runner, {
  minSamples: 2,
  order: 'drawn',
});
heuristicConformance((reduction) => powerEntropy({ reduction }), runner, { order: 'drawn' });
heuristicConformance((reduction) => powerSampling(margin({ reduction })), runner, {
  order: 'drawn',
  spatial: false, // the sum of negative scores has no lowest one
});
heuristicConformance((reduction) => gibbsSampling(certainty({ reduction })), runner, {
  order: 'drawn',
});
heuristicConformance((reduction) => rankBasedSampling(margin({ reduction })), runner, {
  order: 'drawn',
});
heuristicConformance(() => batchBald(), runner, { minSamples: 2, order: 'batch', spatial: false });

heuristicConformance((reduction) => voteEntropy({ reduction }), runner, { minSamples: 2 });
heuristicConformance((reduction) => committeeKl({ reduction }), runner, { minSamples: 2 });
for (const scale of SCALES) {
  heuristicConformance(
    () =>
      combineHeuristics(
        [
          { heuristic: bald(), weight: 2 },
          { heuristic: margin(), weight: 1 },
        ],
        { scale },
      ),
    runner,
    { minSamples: 2, spatial: false },
  );
}
// Targets of the same draw as the predictions that the suite makes.
const targetPredictions = (kind: PredictionKind): Predictions =>
  samplePredictions(kind, [4, 2, 3], 'conformance');
for (const kind of PREDICTION_KINDS.filter((one) => one !== 'values')) {
  heuristicConformance(() => epig({ targetPredictions: targetPredictions(kind) }), runner, {
    kinds: [kind],
    refuses: ['values'],
    minSamples: 2,
    samples: 2,
    spatial: false,
  });
}
