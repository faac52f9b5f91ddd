export { type BlobsOptions, blobs } from './blobs.ts';
export { type CommitteeLearnerOptions, committeeLearner } from './committee-learner.ts';
export {
  type LearnerConformanceData,
  learnerConformance,
  type TestRunner,
} from './learner-conformance.ts';
export { scoringHeuristic } from './scoring-heuristic.ts';
