import { showPixels } from './drawing-pad.ts';
import type { Pixels, Scored } from './messages.ts';

/** A list that shows drawings of the pool in the order given. */
export type Thumbnails = (shown: readonly Scored[]) => void;

interface Entry {
  readonly place: HTMLElement;
  readonly button: HTMLButtonElement;
  readonly meter: HTMLMeterElement;
}

/**
 * Makes a list show drawings as buttons with their scores. A drawing that is shown again keeps its
 * button, and the focus if it has it; the focus of one that goes falls to the one in its place.
 */
export function thumbnails(
  list: Element,
  pool: readonly Pixels[],
  chosen: (item: number) => void,
): Thumbnails {
  const entries = new Map<number, Entry>();
  return (shown) => {
    const focus = document.activeElement;
    const at = [...list.children].findIndex((place) => place.contains(focus));
    const highest = Math.max(0.01, ...shown.map(({ score }) => score));
    const items = new Set(shown.map(({ item }) => item));
    for (const [item, { place }] of entries) {
      if (items.has(item)) continue;
      place.remove();
      entries.delete(item);
    }
    shown.forEach(({ item, score }, i) => {
      const entry = entries.get(item) ?? entryOf(pool[item] as Pixels, () => chosen(item));
      entries.set(item, entry);
      entry.meter.max = highest;
      entry.meter.value = score;
      entry.button.ariaLabel = `drawing ${item}, ${score.toFixed(2)} nats`;
      const there = list.children[i] ?? null;
      if (there !== entry.place) list.insertBefore(entry.place, there);
    });
    if (at < 0 || document.activeElement === focus) return;
    const kept = focus !== null && list.contains(focus) ? (focus as HTMLElement) : undefined;
    const instead = list.children[Math.min(at, list.children.length - 1)]?.querySelector('button');
    (kept ?? instead)?.focus({ preventScroll: true });
  };
}

function entryOf(pixels: Pixels, chosen: () => void): Entry {
  const canvas = document.createElement('canvas');
  canvas.width = 28;
  canvas.height = 28;
  showPixels(canvas, pixels);
  const meter = document.createElement('meter');
  const button = document.createElement('button');
  button.type = 'button';
  button.append(canvas, meter);
  button.addEventListener('click', chosen);
  const place = document.createElement('li');
  place.append(button);
  return { place, button, meter };
}
