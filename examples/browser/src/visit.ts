import type { Point } from './chart.ts';
import {
  DIGITS,
  type Kept,
  type Labels,
  PIXELS,
  type Pixels,
  POOL,
  type Scored,
} from './messages.ts';
import { openStore, type Store } from './store.ts';

/** What the visitor did, and what the last training made of it. */
export interface Visit {
  readonly answers: { readonly drawn: readonly Pixels[]; readonly labels: Labels };
  readonly learned: {
    readonly kept: Kept | undefined;
    readonly points: readonly Point[];
    readonly ranking: readonly Scored[];
  };
  /** Whether keys answer. */
  readonly keys: boolean;
}

// Another name once the network is another one: weights of the old one do not fit it.
const NAME = 'digits 1';
/** How long a page that is left may take to give its visit free, ms: a reload waits for itself. */
const PATIENCE = 1000;

/**
 * The store of the visit, for one page at a time: two would overwrite each other's answers. It is held
 * until the page is left. Pages that are not served safely have no locks, and share it.
 *
 * @returns undefined if another tab holds it
 */
export async function takeVisit(): Promise<Store<Visit> | undefined> {
  if (navigator.locks !== undefined && !(await hold(`visit ${NAME}`))) return undefined;
  return openStore<Visit>(NAME);
}

function hold(lock: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const held = (): Promise<never> => {
      resolve(true);
      return new Promise(() => undefined);
    };
    navigator.locks
      .request(lock, { signal: AbortSignal.timeout(PATIENCE) }, held)
      .catch((error: Error) => (error.name === 'TimeoutError' ? resolve(false) : reject(error)));
  });
}

/**
 * What is left of a visit, as far as it fits together: labels and rankings of drawings that are not
 * kept are dropped, and so is a training if no label is left.
 *
 * @throws Error if it was not left by this page
 */
export function leftOf({ answers, learned, keys = true }: Partial<Visit>): Visit {
  const { drawn, labels } = answers ?? { drawn: [], labels: [] };
  if (!drawn.every((pixels) => pixels instanceof Uint8Array && pixels.length === PIXELS)) {
    throw new Error(`a drawing has not ${PIXELS} pixels`);
  }
  const within = (value: number, end: number): boolean =>
    Number.isInteger(value) && value >= 0 && value < end;
  const items = POOL + drawn.length;
  const known = labels.filter(([item, label]) => within(item, items) && within(label, DIGITS));
  const ranking = (learned?.ranking ?? []).filter(({ item }) => within(item, items));
  return {
    answers: { drawn, labels: known },
    learned:
      learned === undefined || known.length === 0
        ? { kept: undefined, points: [], ranking: [] }
        : { ...learned, ranking },
    keys,
  };
}
