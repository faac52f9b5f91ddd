import { describe, it } from 'vitest';
import type { PredictionKind, Predictions } from '../predictions/predictions.ts';
import { heuristicConformance } from '../testing/heuristic-conformance.ts';
import { PREDICTION_KINDS, samplePredictions } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { batchBald } from './batch-bald.ts';
import { certainty } from './certainty.ts';
import { coldStart } from './cold-start.ts';
import { combineHeuristics, SCALES } from './combine-heuristics.ts';
import { badge } from './diversity/badge.ts';
import { coreSet } from './diversity/core-set.ts';
import { lcmd } from './diversity/lcmd.ts';
import { maxDet } from './diversity/max-det.ts';
import { probCover } from './diversity/prob-cover.ts';
import { typiClust } from './diversity/typi-clust.ts';
import { entropy } from './entropy.ts';
import { epig } from './epig.ts';
import { gibbsSampling } from './gibbs-sampling.ts';
import { margin } from './margin.ts';
import { powerBald, powerEntropy, powerSampling } from './power-sampling.ts';
import { precomputed } from './precomputed.ts';
import { committeeKl, voteEntropy } from './query-by-committee.ts';
import { random } from './random.ts';
import { rankBasedSampling } from './rank-based-sampling.ts';
import { subsample } from './subsample.ts';
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

heuristicConformance(() => badge(), runner, { order: 'drawnBatch', spatial: false });
for (const make of [coreSet, lcmd, maxDet, probCover, () => probCover({ radius: 1.5 })]) {
  heuristicConformance(() => make(), runner, {
    kinds: PREDICTION_KINDS,
    order: 'batch',
    spatial: false,
  });
}
for (const make of [typiClust, () => probCover({ classes: 3 })]) {
  heuristicConformance(() => make(), runner, {
    kinds: PREDICTION_KINDS,
    order: 'batch',
    random: true,
    spatial: false,
  });
}
// A part that holds all items of small pools, whose scores are then finite, and some of larger ones.
for (const make of [coreSet, maxDet]) {
  heuristicConformance(() => subsample(make(), 20), runner, {
    kinds: PREDICTION_KINDS,
    order: 'drawnBatch',
    spatial: false,
  });
}
// Both sides of a cold start: 2 items are labelled.
heuristicConformance(() => coldStart(entropy(), badge(), { until: { labels: 2 } }), runner, {
  order: 'drawnBatch',
  spatial: false,
});
heuristicConformance(
  (reduction) => coldStart(entropy({ reduction }), margin(), { until: { labels: 3 } }),
  runner,
);
heuristicConformance(() => coldStart(badge(), entropy(), { until: { confidence: 1 } }), runner, {
  order: 'drawnBatch',
  spatial: false,
});
