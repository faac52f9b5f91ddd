import type { HeuristicNeeds } from './heuristic.ts';

/** All that some heuristics need together, and nothing else. */
export function needsOf(...heuristics: readonly HeuristicNeeds[]): HeuristicNeeds {
  const any = (name: keyof HeuristicNeeds): boolean =>
    heuristics.some((heuristic) => heuristic[name] === true);
  return {
    needsPredictions: any('needsPredictions'),
    ...(any('needsTargets') && { needsTargets: true }),
    ...(any('needsFeatures') && { needsFeatures: true }),
    ...(any('needsLabelled') && { needsLabelled: true }),
  };
}
