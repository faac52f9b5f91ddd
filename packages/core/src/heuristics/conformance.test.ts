import { describe, it } from 'vitest';
import { heuristicConformance } from '../testing/heuristic-conformance.ts';
import { PREDICTION_KINDS } from '../testing/sample-predictions.ts';
import { bald } from './bald.ts';
import { entropy } from './entropy.ts';
import { random } from './random.ts';

const runner = { describe, it };

heuristicConformance((reduction) => bald({ reduction }), runner, { minSamples: 2 });
heuristicConformance((reduction) => entropy({ reduction }), runner);
heuristicConformance(() => random(), runner, { random: true, kinds: PREDICTION_KINDS });
