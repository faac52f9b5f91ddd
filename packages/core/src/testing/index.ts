export { type BlobsOptions, blobs } from './blobs.ts';
export { type CommitteeLearnerOptions, committeeLearner } from './committee-learner.ts';
export {
  type HeuristicConformanceOptions,
  heuristicConformance,
} from './heuristic-conformance.ts';
export {
  type LearnerConformanceData,
  learnerConformance,
  type TestRunner,
} from './learner-conformance.ts';
export {
  PREDICTION_KINDS,
  sampleFeatures,
  samplePredictions,
  takeItems,
} from './sample-predictions.ts';
export { scoringHeuristic } from './scoring-heuristic.ts';
