import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { poolLabels } from '../digits.ts';
import { chromium } from './chromium.ts';
import { enter, openBrowser, type Visit, visit } from './visit.ts';

const folder = join(import.meta.dirname, '..');
const pictures = join(folder, 'test-results');

if (chromium === undefined) {
  console.warn(
    'The page is not tested: this machine has no Chromium; install one, or name it in CHROMIUM.',
  );
}

it('is bundled with files of its own for the runtime', () => {
  const files = readdirSync(join(folder, 'dist', 'assets'));
  const kinds = ['index-.*js', 'worker-.*js', 'ort-.*wasm', 'ort-.*mjs', 'index-.*css'];
  for (const kind of kinds) {
    expect(files.filter((file) => new RegExp(`^${kind}$`).test(file)).length, kind).toBe(1);
  }
  expect(files.length).toBe(kinds.length);
});

describe.skipIf(chromium === undefined)('the page in Chromium', () => {
  const origin = inject('origin');
  let browser: Browser;
  let visitor: Visit;
  let page: Page;
  let labels: Uint8Array;

  beforeAll(async () => {
    browser = await openBrowser();
    visitor = await visit(browser, { viewport: { width: 1120, height: 1180 } });
    page = visitor.page;
    labels = await poolLabels();
    mkdirSync(pictures, { recursive: true });
    await enter(visitor, origin);
  });
  afterAll(() => browser?.close());

  const answer = (): Promise<void> => visitor.answer();
  const learned = (count: number): Promise<number> => visitor.learned(count);

  it('has shared memory, and with it threads', async () => {
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
  });

  it('asks, learns, and reads better with more labels', async () => {
    for (let i = 0; i < 10; i++) await answer();
    const before = await learned(10);
    for (let batch = 0; batch < 5; batch++) {
      for (let i = 0; i < 10; i++) await answer();
      await learned(20 + 10 * batch);
    }
    const after = await learned(60);
    console.log(
      `accuracy ${before} with 10 labels, ${after} with 60; ${await page.locator('#status').textContent()}`,
    );
    // 400 test digits: the standard error of a difference is about 0.035.
    expect(after).toBeGreaterThan(before + 0.15);
    expect(after).toBeGreaterThan(0.65);
  });

  it('asks for the most informative drawing', async () => {
    // What was asked while it learned stays; the next one is the best of the new ranking.
    const before = await page.locator('#asked').getAttribute('data-item');
    await page.keyboard.press('Space');
    const now = await page.locator('#asked').getAttribute('data-item');
    const names = await page
      .locator('#pool button')
      .evaluateAll((buttons) => buttons.map((button) => /\d+/.exec(button.ariaLabel ?? '')?.[0]));
    expect(now).toBe(names.find((name) => name !== before));
    const scores = await page
      .locator('#pool button')
      .evaluateAll((buttons) =>
        buttons.map((button) => Number(/([\d.]+) nats/.exec(button.ariaLabel ?? '')?.[1])),
      );
    expect(scores.length).toBe(48);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(scores[0]).toBeGreaterThan(0.05);
  });

  it('takes a label back, and skips', async () => {
    const item = await page.locator('#asked').getAttribute('data-item');
    await page.keyboard.press(String(labels[Number(item)]));
    await learned(61);
    await page.keyboard.press('Backspace');
    await learned(60);
    expect(await page.locator('#asked').getAttribute('data-item')).toBe(item);
    await page.keyboard.press('Space');
    expect(await page.locator('#asked').getAttribute('data-item')).not.toBe(item);
  });

  it('reads what is drawn, and takes it into the pool', async () => {
    expect(await page.locator('#add').isDisabled()).toBe(true);
    await visitor.drawOne();
    await page.locator('#bars circle').first().waitFor({ state: 'attached' });
    expect(await page.locator('#bars circle').count()).toBe(200);
    const votes = await page.locator('#guess').textContent();
    expect(votes).toMatch(/^Of 20 samples: \d+ for 1\b/);
    await page.screenshot({ path: join(pictures, 'page.png'), fullPage: true });
    await page.locator('#add').click();
    expect(await page.locator('#asked').getAttribute('data-item')).toBe('300');
    await page.keyboard.press('1');
    await learned(61);
  });

  it('keeps labels, drawings and weights over a reload, and learns on two threads', async () => {
    const accuracy = await page.locator('#accuracy').textContent();
    await enter(visitor, `${origin}/?threads=2`);
    expect(await page.locator('#labels').textContent()).toBe('61');
    expect(await page.locator('#accuracy').textContent()).toBe(accuracy);
    await visitor.drawOne();
    await page.locator('#bars circle').first().waitFor({ state: 'attached' });
    // The drawing of the visitor is the last that has a label.
    await page.locator('#back').click();
    expect(await page.locator('#asked').getAttribute('data-item')).toBe('300');
    await learned(60);
    expect(await page.locator('#status').textContent()).toContain('on 2 threads');
    expect(visitor.complaints).toEqual([]);
  });

  it('takes a key that is held down for one answer', async () => {
    await page.keyboard.down('1');
    await page.keyboard.down('1'); // As a keyboard repeats it.
    await page.keyboard.up('1');
    await learned(61);
    expect(await page.locator('#labels').textContent()).toBe('61');
  });

  it('keeps the focus in the pool where it is, and gives that of a drawing that goes to the next', async () => {
    const buttons = page.locator('#pool button');
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.ariaLabel?.match(/^drawing [0-9]+/)?.[0] ?? null');
    const nameOf = async (n: number): Promise<string> =>
      /^drawing \d+/.exec((await buttons.nth(n).getAttribute('aria-label')) ?? '')?.[0] ?? '';
    const [fifth, sixth] = [await nameOf(5), await nameOf(6)];
    await buttons.nth(5).focus();
    await page.keyboard.press('Space'); // Of a button that has the focus it is the click.
    expect(await page.locator('#asked').getAttribute('data-item')).toBe(fifth.slice(8));
    expect(await focused()).toBe(fifth);
    await visitor.answer();
    expect(await focused()).toBe(sixth);
    // A new ranking leaves it as well: it may move, and may leave those that are shown.
    await learned(62);
    expect(await focused()).not.toBeNull();
    const shown = await buttons.evaluateAll((all) => all.map((one) => one.ariaLabel));
    if (shown.some((name) => name?.startsWith(`${sixth},`))) expect(await focused()).toBe(sixth);
    await page.locator('#back').click();
    await learned(61);
  });

  it('has keys that can be switched off, and remembers it', async () => {
    await page.locator('#by-key').focus();
    await page.keyboard.press('Space'); // The box, not the drawing.
    expect(await page.locator('#by-key').isChecked()).toBe(false);
    const item = await page.locator('#asked').getAttribute('data-item');
    for (const key of ['1', 'Backspace', 'Space']) {
      await page.evaluate('document.activeElement.blur()');
      await page.keyboard.press(key);
    }
    expect(await page.locator('#asked').getAttribute('data-item')).toBe(item);
    expect(await page.locator('#labels').textContent()).toBe('61');
    await enter(visitor, `${origin}/?threads=2`);
    expect(await page.locator('#by-key').isChecked()).toBe(false);
    await page.locator('#by-key').check();
    await visitor.drawOne(); // For what follows.
  });

  it.each([true, false])('scrolls at once where less motion is wanted (%s)', async (calm) => {
    await page.emulateMedia({ reducedMotion: calm ? 'reduce' : 'no-preference' });
    await page.evaluate(
      `scrollTo = ({ behavior }) => { document.body.dataset.scroll = behavior; }`,
    );
    await page.locator('#pool button').first().click();
    const behavior = await page.locator('body').getAttribute('data-scroll');
    expect(behavior).toBe(calm ? 'instant' : 'smooth');
  });

  it.each([390, 320])('fits a screen %i wide, and draws under the finger there', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.locator('#clear').click();
    expect(await page.locator('#bars circle').count()).toBe(0);
    await page.locator('#pad').scrollIntoViewIfNeeded();
    await visitor.drawOne();
    await page.locator('#bars circle').first().waitFor({ state: 'attached' });
    const { left, right, bottom } = await page.locator('#pad').evaluate((pad) => {
      const { width, height } = pad as HTMLCanvasElement;
      const context = (pad as HTMLCanvasElement).getContext('2d');
      const { data } = (context as CanvasRenderingContext2D).getImageData(0, 0, width, height);
      const inked = [...Array(width * height).keys()].filter((i) => data[4 * i + 3] !== 0);
      const columns = inked.map((i) => i % width);
      const rows = inked.map((i) => Math.floor(i / width) / height);
      const share = (column: number): number => column / width;
      const reduced = (values: number[], pick: (...two: number[]) => number): number =>
        values.reduce((found, value) => pick(found, value));
      return {
        left: share(reduced(columns, Math.min)),
        right: share(reduced(columns, Math.max)),
        bottom: reduced(rows, Math.max),
      };
    });
    expect(left).toBeGreaterThan(0.38);
    expect(right).toBeLessThan(0.56);
    expect(bottom).toBeCloseTo(0.86, 1);
    await page.screenshot({ path: join(pictures, `width-${width}.png`), fullPage: true });
  });

  it('starts over if it is asked to and the question is answered with yes', async () => {
    page.once('dialog', (dialog) => dialog.dismiss());
    await page.locator('#forget').click();
    expect(await page.locator('#labels').textContent()).toBe('61');
    page.once('dialog', (dialog) => dialog.accept());
    await page.locator('#forget').click();
    await page.locator('#labels:text-is("0")').waitFor();
    await page.locator('#asked[data-item="0"]').waitFor();
  });

  it('has a name for every control and every picture', async () => {
    const nameless = await page
      .locator('button, canvas, input, svg[role], progress, [role]')
      .evaluateAll((controls) =>
        controls
          .filter(
            (control) =>
              !control.ariaLabel &&
              control.role !== 'status' &&
              !(control as Partial<HTMLInputElement>).labels?.[0]?.textContent?.trim() &&
              (control.tagName !== 'BUTTON' || control.textContent?.trim() === '') &&
              control.closest('[aria-label]') === null,
          )
          .map((control) => control.outerHTML),
      );
    expect(nameless).toEqual([]);
  });

  it('talks to its own server only, fetches only, and breaks no rule of its policy', () => {
    const { requests, complaints } = visitor;
    const foreign = requests.filter(
      ({ url }) => new URL(url).origin !== origin && !url.startsWith('data:'),
    );
    expect(requests.length).toBeGreaterThan(5);
    expect(foreign).toEqual([]);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('could not reach another server, from the page or from the worker', async () => {
    const violated = `new Promise((resolve) => {
      addEventListener('securitypolicyviolation', ({ violatedDirective }) => resolve(violatedDirective));
      fetch('https://example.org/').catch(() => setTimeout(resolve, 2000, 'nothing'));
    })`;
    expect(await page.evaluate(violated)).toBe('connect-src');
    // The runtime's own workers sleep until there is work, and cannot be asked.
    const worker = page.workers().find((one) => one.url().includes('/worker-'));
    expect(await worker?.evaluate(violated)).toBe('connect-src');
  });
});
