import { drawBars } from './bars.ts';
import { drawChart, type Point } from './chart.ts';
import { drawingPad, showPixels } from './drawing-pad.ts';
import {
  DIGITS,
  type FromWorker,
  PIXELS,
  type Pixels,
  POOL,
  type Scored,
  TEST,
  type ToWorker,
} from './messages.ts';

/** Drawings shown in the pool. */
const SHOWN = 48;

const asked = element<HTMLCanvasElement>('asked');
const pad = drawingPad(element<HTMLCanvasElement>('pad'), drawingChanged);
const add = element<HTMLButtonElement>('add');
const clear = element<HTMLButtonElement>('clear');
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

const pool: Pixels[] = [];
/** Items in the order of labelling. */
const labelled: number[] = [];
const skipped = new Set<number>();
const points: Point[] = [];
/** What may be asked, best first. Before the first training, the order of the pool. */
let ranking: Scored[] = [];
let current: number | undefined;

worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
  switch (data.type) {
    case 'progress':
      element<HTMLProgressElement>('progress').value = data.done;
      break;
    case 'learned':
      learned(data);
      break;
    case 'guess':
      drawBars(element('bars'), data.samples ?? []);
      say('guess', guessOf(data.samples));
      break;
    case 'failed':
      say('status', `It stopped: ${data.message}`);
      break;
  }
});
worker.addEventListener('error', ({ message }) => say('status', `It stopped: ${message}`));

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[0-9]$/.test(event.key)) answer(Number(event.key));
  else if (event.key === 'Backspace') takeBack();
  else if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) skip();
  else return;
  event.preventDefault();
});
add.addEventListener('click', () => {
  const pixels = pad.pixels();
  if (pixels === undefined) return;
  tell({ type: 'add', pixels });
  const item = pool.push(pixels) - 1;
  pad.clear();
  ask(item); // Who has just drawn it knows what it is.
});
clear.addEventListener('click', () => pad.clear());

for (let digit = 0; digit < DIGITS; digit++) {
  const key = document.createElement('button');
  key.type = 'button';
  key.textContent = String(digit);
  key.addEventListener('click', () => answer(digit));
  element('keys').append(key);
}
drawBars(element('bars'), []);
drawChart(element('chart'), points);
start().catch((error: Error) => say('status', `It cannot start: ${error.message}`));

async function start(): Promise<void> {
  const response = await fetch('digits.bin');
  if (!response.ok) throw new Error(`digits.bin: ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digits = Array.from({ length: POOL + TEST }, (_, i) =>
    bytes.slice(i * PIXELS, (i + 1) * PIXELS),
  );
  pool.push(...digits.slice(0, POOL));
  tell({
    type: 'start',
    pool,
    test: digits.slice(POOL),
    testLabels: [...bytes.slice((POOL + TEST) * PIXELS)],
    // For measuring: `?threads=2`.
    threads: Number(new URLSearchParams(location.search).get('threads') ?? 0),
  });
  ranking = pool.map((_, item) => ({ item, score: 0, probabilities: [] }));
  say('status', 'It knows nothing yet. Answer a few.');
  ask(next());
}

/** The best drawing that is neither labelled nor skipped; a skipped one if there are no others. */
function next(): number | undefined {
  const open = ranking.filter(({ item }) => !labelled.includes(item));
  return (open.find(({ item }) => !skipped.has(item)) ?? open[0])?.item;
}

function ask(item: number | undefined): void {
  current = item;
  asked.dataset.item = String(item ?? '');
  const pixels = item === undefined ? undefined : pool[item];
  showPixels(asked, pixels ?? new Uint8Array(PIXELS));
  say('why', pixels === undefined ? 'Every drawing has a label. Draw more.' : reason(item));
  showPool();
}

function reason(item: number | undefined): string {
  const seen = ranking.find((scored) => scored.item === item);
  if (seen === undefined) return 'Your own drawing: tell the network what it is.';
  if (seen.probabilities.length === 0) return 'The network knows nothing yet: any answer helps.';
  const order = [...seen.probabilities.keys()].sort(
    (a, b) => (seen.probabilities[b] as number) - (seen.probabilities[a] as number),
  );
  const [one, two] = order
    .slice(0, 2)
    .map((digit) => `${digit} (${percent(seen.probabilities[digit])})`);
  return `The network thinks ${one} or ${two}; the answer is worth ${seen.score.toFixed(2)} nats.`;
}

function answer(label: number): void {
  if (current === undefined) return;
  tell({ type: 'label', item: current, label });
  labelled.push(current);
  labelsChanged();
}

function takeBack(): void {
  const item = labelled.pop();
  if (item === undefined) return;
  tell({ type: 'label', item, label: null });
  labelsChanged(item);
}

function skip(): void {
  if (current !== undefined) skipped.add(current);
  ask(next());
}

function labelsChanged(item: number | undefined = next()): void {
  say('labels', String(labelled.length));
  if (labelled.length > 0) say('status', 'Learning …');
  ask(item);
}

function learned(news: Extract<FromWorker, { type: 'learned' }>): void {
  ranking = [...news.ranking];
  // Labels that were taken back shorten the curve.
  while ((points.at(-1)?.labels ?? -1) >= news.labels) points.pop();
  points.push(news);
  drawChart(element('chart'), points);
  say('accuracy', percent(news.accuracy));
  say('uncertainty', news.uncertainty.toFixed(2));
  const threads = news.threads === 1 ? '1 thread' : `${news.threads} threads`;
  const seconds = (news.milliseconds / 1000).toFixed(1);
  say('status', `Learned from ${news.labels} labels in ${seconds} s on ${threads}.`);
  element('status').dataset.labels = String(news.labels);
  element('status').dataset.accuracy = String(news.accuracy);
  // The drawing under the visitor's fingers stays; only what is said of it changes.
  ask(current !== undefined && !labelled.includes(current) ? current : next());
}

function showPool(): void {
  const open = ranking.filter(({ item }) => !labelled.includes(item)).slice(0, SHOWN);
  const highest = Math.max(0.01, ...open.map(({ score }) => score));
  const thumbnails = open.map(({ item, score }) => {
    const canvas = document.createElement('canvas');
    canvas.width = 28;
    canvas.height = 28;
    showPixels(canvas, pool[item] as Pixels);
    const meter = document.createElement('meter');
    meter.max = highest;
    meter.value = score;
    const button = document.createElement('button');
    button.type = 'button';
    button.ariaLabel = `drawing ${item}, ${score.toFixed(2)} nats`;
    button.append(canvas, meter);
    button.addEventListener('click', () => {
      ask(item);
      scrollTo({ top: 0, behavior: 'smooth' });
    });
    const entry = document.createElement('li');
    entry.append(button);
    return entry;
  });
  element('pool').replaceChildren(...thumbnails);
}

function drawingChanged(): void {
  const pixels = pad.pixels();
  add.disabled = pixels === undefined;
  clear.disabled = pixels === undefined;
  if (pixels !== undefined) tell({ type: 'guess', pixels });
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

function tell(message: ToWorker): void {
  worker.postMessage(message);
}

function say(id: string, text: string): void {
  element(id).textContent = text;
}

function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as unknown as T;
}
