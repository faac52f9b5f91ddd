import type { RoundRecord } from './round-record.ts';
import { isBlind, type StoppingCriterion, stoppingInput } from './stopping-criterion.ts';

/** What a criterion says of a recorded round. */
export interface StoppingVerdict {
  /** Number of the round. */
  readonly round: number;
  /** Size of the labelled set. */
  readonly labelled: number;
  /** Whether it would have stopped; null where it could not be asked, as the pool was not scored by uncertainty. */
  readonly stop: boolean | null;
}

/** What a criterion would have done with a run. */
export interface StoppingReplay {
  /** Name of the criterion. */
  readonly name: string;
  /** Every round of the record, those after the stop as well: evidence, not only a decision. */
  readonly verdicts: readonly StoppingVerdict[];
  /** The first round in which it says stop; null if it never does. */
  readonly stoppedAt: StoppingVerdict | null;
}

/** Options of {@link replayStopping}. */
export interface ReplayStoppingOptions {
  /** Seconds spent up to the evaluation of a round, for criteria that look at the time. */
  readonly elapsedSeconds?: (round: number) => number;
}

/**
 * Shows a criterion the rounds of an old journal and tells when it would have stopped the run: to choose
 * a criterion, or its threshold, without running anything again. The criterion is reset first.
 *
 * A criterion that looks at uncertainties is not asked in a round whose pool was not scored, which is
 * how a run itself treats it: the last round can be one, and those of a cold start are. A composition is
 * asked in every round; such a criterion in it counts as a no there.
 *
 * @throws StateError if the criterion needs a stop set or times that the record lacks.
 */
export function replayStopping(
  criterion: StoppingCriterion,
  records: Iterable<RoundRecord>,
  { elapsedSeconds }: ReplayStoppingOptions = {},
): StoppingReplay {
  criterion.reset?.();
  const verdicts: StoppingVerdict[] = [];
  for (const record of records) {
    const { round, labelled } = record;
    const input = stoppingInput(record, elapsedSeconds?.(round));
    const stop = isBlind(criterion, input) ? null : criterion.shouldStop(input);
    verdicts.push({ round, labelled, stop });
  }
  criterion.reset?.();
  return {
    name: criterion.name,
    verdicts,
    stoppedAt: verdicts.find(({ stop }) => stop === true) ?? null,
  };
}
