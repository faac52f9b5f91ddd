import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolLabels } from '../digits.ts';
import { chromium } from './chromium.ts';

const folder = join(import.meta.dirname, '..');
const configFile = join(folder, 'vite.config.ts');
const pictures = join(folder, 'test-results');

/** What the page did that a page of this kind must not do, and whom it talked to. */
const complaints: string[] = [];
const requests: { readonly url: string; readonly method: string }[] = [];

if (chromium === undefined) {
  console.warn(
    'The page is not tested: this machine has no Chromium; install one, or name it in CHROMIUM.',
  );
}

beforeAll(() => build({ configFile, logLevel: 'error' }));

it('is bundled with files of its own for the runtime', () => {
  const files = readdirSync(join(folder, 'dist', 'assets'));
  const kinds = ['index-.*js', 'worker-.*js', 'ort-.*wasm', 'ort-.*mjs', 'index-.*css'];
  for (const kind of kinds) {
    expect(files.filter((file) => new RegExp(`^${kind}$`).test(file)).length, kind).toBe(1);
  }
  expect(files.length).toBe(kinds.length);
});

describe.skipIf(chromium === undefined)('the page in Chromium', () => {
  let server: PreviewServer;
  let browser: Browser;
  let page: Page;
  let labels: Uint8Array;
  let origin: string;

  beforeAll(async () => {
    server = await preview({
      configFile,
      logLevel: 'warn',
      preview: { port: 0, host: '127.0.0.1' },
    });
    origin = new URL(server.resolvedUrls?.local[0] ?? '').origin;
    browser = await playwright.launch({
      executablePath: chromium as string,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    page = await browser.newPage({ viewport: { width: 1120, height: 1180 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.context().on('request', (request) => {
      requests.push({ url: request.url(), method: request.method() });
    });
    labels = await poolLabels();
    mkdirSync(pictures, { recursive: true });
    await page.goto(origin);
    await page.locator('#asked:not([data-item=""])').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Answers rightly, by key, what the page asks. */
  async function answer(): Promise<void> {
    const item = Number(await page.locator('#asked').getAttribute('data-item'));
    await page.keyboard.press(String(labels[item]));
  }

  /** Waits until so many labels are learned. @returns the accuracy then */
  async function learned(count: number): Promise<number> {
    const status = page.locator(`#status[data-labels="${count}"]`);
    await status.waitFor({ state: 'attached', timeout: 120_000 });
    return Number(await status.getAttribute('data-accuracy'));
  }

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
    const box = await page.locator('#pad').boundingBox();
    if (box === null) throw new Error('the page has no drawing area');
    const [x, y] = [box.x + box.width / 2, box.y + 50];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 0; step <= 20; step++) await page.mouse.move(x - step / 2, y + 9 * step);
    await page.mouse.up();
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

  it('learns on two threads', async () => {
    await page.goto(`${origin}/?threads=2`);
    await page.locator('#asked:not([data-item=""])').waitFor();
    for (let i = 0; i < 3; i++) await answer();
    await learned(3);
    expect(await page.locator('#status').textContent()).toContain('on 2 threads');
    expect(complaints).toEqual([]);
  });

  it('fits a narrow screen', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.screenshot({ path: join(pictures, 'narrow.png') });
  });

  it('talks to its own server only, fetches only, and breaks no rule of its policy', () => {
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
