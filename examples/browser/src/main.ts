import { drawBars } from './bars.ts';
import { drawChart, type Point } from './chart.ts';
import { drawingPad, showPixels } from './drawing-pad.ts';
import { type Next, startLearner } from './learner.ts';
import {
  DIGITS,
  type FromWorker,
  type Kept,
  PIXELS,
  type Pixels,
  POOL,
  type Scored,
  TEST,
  type ToWorker,
} from './messages.ts';
import type { Store } from './store.ts';
import { thumbnails } from './thumbnails.ts';
import { leftOf, takeVisit, type Visit } from './visit.ts';

/** Drawings shown in the pool. */
const SHOWN = 48;

/** What the page says beside an empty drawing area. */
const INVITATION =
  'Draw a digit: the bars show what the network sees, the dots what each of its 20 samples says.';

/** What the page says while there are no labels. */
const NOTHING_YET = 'It knows nothing yet. Answer a few.';

const asked = element<HTMLCanvasElement>('asked');
const pad = drawingPad(element<HTMLCanvasElement>('pad'), drawingChanged);
const add = element<HTMLButtonElement>('add');
const clear = element<HTMLButtonElement>('clear');
const back = element<HTMLButtonElement>('back');
const byKey = element<HTMLInputElement>('by-key');

const pool: Pixels[] = [];
const showThumbnails = thumbnails(element('pool'), pool, (item) => {
  ask(item);
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  scrollTo({ top: 0, behavior: calm ? 'instant' : 'smooth' });
});
/** Items with their labels, in the order of labelling. */
const labels = new Map<number, number>();
const skipped = new Set<number>();
let points: Point[] = [];
/** What may be asked, best first. Before the first training, the order of the pool. */
let ranking: Scored[] = [];
let kept: Kept | undefined;
let current: number | undefined;
/** Whether the page has given up: nobody learns any more. */
let stopped = false;
/** Where the visit is kept; not at all if another tab keeps it. */
let store: Store<Visit> | undefined;
let tell: (message: ToWorker) => void = () => undefined;

addEventListener('keydown', (event) => {
  if (!byKey.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (/^[0-9]$/.test(event.key)) answer(Number(event.key));
  else if (event.key === 'Backspace') takeBack();
  else if (event.key === ' ' && !(event.target as Element).matches('button, input')) skip();
  else return;
  event.preventDefault();
});
add.addEventListener('click', () => {
  const pixels = pad.pixels();
  if (pixels === undefined) return;
  tell({ type: 'add', pixels });
  const item = pool.push(pixels) - 1;
  ranking.push(unseen(item));
  save('answers', answers());
  pad.clear();
  ask(item); // Who has just drawn it knows what it is.
});
clear.addEventListener('click', () => pad.clear());
back.addEventListener('click', takeBack);
byKey.addEventListener('change', () => save('keys', byKey.checked));
element('skip').addEventListener('click', skip);
element('forget').addEventListener('click', () => {
  if (!confirm('Forget all labels and drawings, and start over?')) return;
  Promise.resolve(store?.clear())
    .then(() => location.reload())
    .catch(notKept);
});

for (let digit = 0; digit < DIGITS; digit++) {
  const key = document.createElement('button');
  key.type = 'button';
  key.textContent = String(digit);
  key.addEventListener('click', () => answer(digit));
  element('keys').append(key);
}
drawBars(element('bars'), []);
say('guess', INVITATION);
drawChart(element('chart'), points);
start().catch((error: Error) => say('status', `It cannot start: ${error.message}`));

async function start(): Promise<void> {
  const response = await fetch('digits.bin');
  if (!response.ok) throw new Error(`digits.bin: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digits = Array.from({ length: POOL + TEST }, (_, i) =>
    bytes.slice(i * PIXELS, (i + 1) * PIXELS),
  );
  const left = await recall();
  pool.push(...digits.slice(0, POOL), ...left.answers.drawn);
  for (const [item, label] of left.answers.labels) labels.set(item, label);
  byKey.checked = left.keys;
  kept = left.learned.kept;
  points = [...left.learned.points];
  rank(left.learned.ranking);
  say('labels', String(labels.size));
  showFigures();
  say('status', labels.size > 0 ? 'Here is what you left. It goes on from there.' : NOTHING_YET);
  drawingChanged();
  tell = startLearner({
    start: (anew) => ({
      type: 'start',
      pool,
      test: digits.slice(POOL),
      testLabels: [...bytes.slice((POOL + TEST) * PIXELS)],
      labels: [...labels],
      kept: anew ? undefined : kept,
      drawing: pad.pixels(),
      // For measuring: `?threads=2`.
      threads: Number(new URLSearchParams(location.search).get('threads') ?? 0),
    }),
    heard,
    lost,
  });
  ask(next());
}

/** What the last visit left, or nothing. */
async function recall(): Promise<Visit> {
  try {
    store = await takeVisit();
    if (store === undefined) {
      say('kept', 'Another tab has this page open and keeps the visit: this one keeps nothing.');
    } else return leftOf(await store.load());
  } catch (error) {
    const what = `What you left cannot be read: ${(error as Error).message}.`;
    const then = store === undefined ? 'nothing is kept' : 'an answer here replaces it';
    say('kept', `${what} Reload the page to try again; ${then}.`);
  }
  return leftOf({});
}

function heard(news: FromWorker): void {
  // What it tells of a training is out of date once all labels are taken back.
  if (labels.size === 0 && news.type !== 'guess') return;
  switch (news.type) {
    case 'progress':
      element<HTMLProgressElement>('progress').value = news.done;
      break;
    case 'learned':
      learned(news);
      break;
    case 'guess':
      if (pad.pixels() === undefined) break; // Cleared in the meantime.
      drawBars(element('bars'), news.samples ?? []);
      say('guess', guessOf(news.samples));
      break;
  }
}

/** Only what the worker was doing is lost; the next one is told all else. */
function lost(reason: string, next: Next): void {
  stopped = next === 'gives up';
  element<HTMLProgressElement>('progress').value = 0;
  element('status').dataset.lost = String(Number(element('status').dataset.lost ?? 0) + 1);
  say(
    'status',
    {
      'goes on': `Its worker stopped (${reason}). A new one goes on from the last training.`,
      'learns anew': `Its worker stopped (${reason}). The next one learns anew from your labels.`,
      'gives up':
        store === undefined
          ? `It stopped: ${reason}. Reload the page to try again.`
          : `It stopped: ${reason}. Your labels are kept: reload the page to try again.`,
    }[next],
  );
}

/** The best drawing that is neither labelled nor skipped; a skipped one if there are no others. */
function next(): number | undefined {
  const open = ranking.filter(({ item }) => !labels.has(item));
  return (open.find(({ item }) => !skipped.has(item)) ?? open[0])?.item;
}

function ask(item: number | undefined): void {
  current = item;
  asked.dataset.item = String(item ?? '');
  back.disabled = labels.size === 0;
  const pixels = item === undefined ? undefined : pool[item];
  showPixels(asked, pixels ?? new Uint8Array(PIXELS));
  say('why', pixels === undefined ? 'Every drawing has a label. Draw more.' : reason(item));
  showPool();
}

function reason(item: number | undefined): string {
  const seen = ranking.find((scored) => scored.item === item);
  if (seen === undefined || seen.probabilities.length === 0) {
    return (item ?? 0) < POOL
      ? 'The network knows nothing yet: any answer helps.'
      : 'Your own drawing: tell the network what it is.';
  }
  const order = [...seen.probabilities.keys()].sort(
    (a, b) => (seen.probabilities[b] as number) - (seen.probabilities[a] as number),
  );
  const [one, two] = order
    .slice(0, 2)
    .map((digit) => `${digit} (${percent(seen.probabilities[digit])})`);
  return `The network thinks ${one} or ${two}; the answer is worth ${seen.score.toFixed(2)} nats.`;
}

/** A ranking of a training, and behind it what that training had not seen or had a label for. */
function rank(ranked: readonly Scored[]): void {
  const known = new Set(ranked.map(({ item }) => item));
  const others = [...pool.keys()].filter((item) => !known.has(item));
  ranking = [...ranked, ...others.map(unseen)];
}

/** A drawing that no training has ranked. */
function unseen(item: number): Scored {
  return { item, score: 0, probabilities: [] };
}

function answer(label: number): void {
  if (current === undefined) return;
  tell({ type: 'label', item: current, label });
  labels.delete(current); // A new label is the last one, also of an item that has had one.
  labels.set(current, label);
  labelsChanged();
}

function takeBack(): void {
  const item = [...labels.keys()].at(-1);
  if (item === undefined) return;
  labels.delete(item);
  tell({ type: 'label', item, label: null });
  labelsChanged(item);
}

function skip(): void {
  if (current !== undefined) skipped.add(current);
  ask(next());
}

function labelsChanged(item: number | undefined = next()): void {
  say('labels', String(labels.size));
  if (!stopped) say('status', labels.size > 0 ? 'Learning …' : NOTHING_YET);
  save('answers', answers());
  if (labels.size === 0) forgetTraining();
  ask(item);
}

/** Without labels nothing is learned: the figures of the last training would be wrong. */
function forgetTraining(): void {
  kept = undefined;
  points = [];
  rank([]);
  save('learned', { kept, points, ranking });
  showFigures();
  element<HTMLProgressElement>('progress').value = 0;
  delete element('status').dataset.labels;
  delete element('status').dataset.accuracy;
  drawingChanged();
}

function learned(news: Extract<FromWorker, { type: 'learned' }>): void {
  rank(news.ranking);
  // Labels that were taken back shorten the curve.
  while ((points.at(-1)?.labels ?? -1) >= news.labels) points.pop();
  const { accuracy, uncertainty } = news;
  points.push({ labels: news.labels, accuracy, uncertainty });
  kept = news.kept;
  save('learned', { kept, points, ranking });
  showFigures();
  const threads = news.threads === 1 ? '1 thread' : `${news.threads} threads`;
  const seconds = (news.milliseconds / 1000).toFixed(1);
  say('status', `Learned from ${news.labels} labels in ${seconds} s on ${threads}.`);
  element('status').dataset.labels = String(news.labels);
  element('status').dataset.accuracy = String(news.accuracy);
  // The drawing under the visitor's fingers stays; only what is said of it changes.
  ask(current !== undefined && !labels.has(current) ? current : next());
}

function showFigures(): void {
  drawChart(element('chart'), points);
  const last = points.at(-1);
  say('accuracy', last === undefined ? '–' : percent(last.accuracy));
  say('uncertainty', last === undefined ? '–' : last.uncertainty.toFixed(2));
}

function showPool(): void {
  showThumbnails(ranking.filter(({ item }) => !labels.has(item)).slice(0, SHOWN));
}

function drawingChanged(): void {
  const pixels = pad.pixels();
  add.disabled = pixels === undefined || pool.length === 0;
  clear.disabled = pixels === undefined;
  if (pixels !== undefined) tell({ type: 'guess', pixels });
  else {
    drawBars(element('bars'), []);
    say('guess', INVITATION);
  }
}

function guessOf(samples: readonly (readonly number[])[] | null): string {
  if (samples === null) return 'The network knows nothing yet: label a few first.';
  const votes = samples.map((sample) => sample.indexOf(Math.max(...sample)));
  const count = (digit: number): number => votes.filter((vote) => vote === digit).length;
  const digits = [...new Set(votes)].sort((a, b) => count(b) - count(a));
  const [first, ...others] = digits.map((digit) => `${count(digit)} for ${digit}`);
  return [`Of ${votes.length} samples: ${first}`, ...others].join(', ').concat('.');
}

function percent(share = 0): string {
  return `${Math.round(100 * share)} %`;
}

function answers(): Visit['answers'] {
  return { drawn: pool.slice(POOL), labels: [...labels] };
}

function save<K extends keyof Visit>(name: K, value: Visit[K]): void {
  store?.save(name, value).catch(notKept);
}

function notKept(error: Error): void {
  say('kept', `This browser keeps nothing for a next visit: ${error.message}`);
}

function say(id: string, text: string): void {
  element(id).textContent = text;
}

function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as unknown as T;
}
