import type { Pixels } from './messages.ts';

/** Side of a drawing in pixels, and of the box that MNIST scales its digits to. */
const SIDE = 28;
const BOX = 20;

/** A canvas that the visitor draws on. */
export interface DrawingPad {
  /** The drawing as the network wants it, or undefined while there is none. */
  pixels(): Pixels | undefined;
  /** Wipes it. */
  clear(): void;
}

/** Makes a canvas a drawing pad; `changed` is called after each stroke. */
export function drawingPad(canvas: HTMLCanvasElement, changed: () => void): DrawingPad {
  const context = contextOf(canvas);
  context.lineWidth = canvas.width / 13;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  let stroke = false;
  // On a narrow screen the canvas is shown smaller than it is.
  const at = ({ offsetX, offsetY }: PointerEvent): [number, number] => [
    (offsetX * canvas.width) / canvas.clientWidth,
    (offsetY * canvas.height) / canvas.clientHeight,
  ];
  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    stroke = true;
    canvas.setPointerCapture(event.pointerId);
    context.beginPath();
    context.moveTo(...at(event));
    context.lineTo(...at(event));
    context.stroke();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!stroke || !event.isPrimary) return;
    context.lineTo(...at(event));
    context.stroke();
  });
  const end = (): void => {
    if (stroke) changed();
    stroke = false;
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  return {
    pixels: () => normalize(canvas),
    clear() {
      context.clearRect(0, 0, canvas.width, canvas.height);
      changed();
    },
  };
}

/** Draws pixels as ink on paper. */
export function showPixels(canvas: HTMLCanvasElement, pixels: Pixels): void {
  const image = new ImageData(SIDE, SIDE);
  pixels.forEach((value, i) => {
    image.data.set([28, 29, 33, value], 4 * i);
  });
  contextOf(canvas).putImageData(image, 0, 0);
}

/** As MNIST: the longer side scaled to 20 pixels, the centre of mass in the middle of 28 x 28. */
function normalize(canvas: HTMLCanvasElement): Pixels | undefined {
  const { width, height } = canvas;
  const ink = alphaOf(contextOf(canvas).getImageData(0, 0, width, height));
  let [left, right, top, bottom] = [width, -1, height, -1];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  if (right < 0) return undefined;
  const [w, h] = [right - left + 1, bottom - top + 1];
  const scale = BOX / Math.max(w, h);
  const draw = (dx: number, dy: number): Pixels => {
    const small = new OffscreenCanvas(SIDE, SIDE).getContext('2d');
    if (small === null) throw new Error('normalize: this browser has no 2d canvas');
    small.imageSmoothingQuality = 'high';
    small.drawImage(canvas, left, top, w, h, dx, dy, w * scale, h * scale);
    return alphaOf(small.getImageData(0, 0, SIDE, SIDE));
  };
  const [dx, dy] = [(SIDE - w * scale) / 2, (SIDE - h * scale) / 2];
  const middle = draw(dx, dy);
  let [mass, x, y] = [0, 0, 0];
  middle.forEach((value, i) => {
    mass += value;
    x += value * (i % SIDE);
    y += value * Math.floor(i / SIDE);
  });
  const centre = (SIDE - 1) / 2;
  return draw(dx + Math.round(centre - x / mass), dy + Math.round(centre - y / mass));
}

function alphaOf({ data }: ImageData): Pixels {
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3] as number);
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('drawing pad: this browser has no 2d canvas');
  return context;
}
