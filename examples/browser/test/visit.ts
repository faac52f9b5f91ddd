import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium as playwright,
} from 'playwright-core';
import { poolLabels } from '../digits.ts';
import { chromium } from './chromium.ts';

/** A browser without a window; more arguments for one with other abilities. */
export async function openBrowser(args: readonly string[] = ['--disable-gpu']): Promise<Browser> {
  return playwright.launch({
    executablePath: chromium as string,
    args: ['--headless', '--no-sandbox', '--disable-background-networking', ...args],
  });
}

/** A page and who sits before it. */
export interface Visit {
  readonly page: Page;
  /** What the page did that a page of this kind must not do. */
  readonly complaints: readonly string[];
  /** Whom it talked to. */
  readonly requests: readonly { readonly url: string; readonly method: string }[];
  /** Answers rightly, by key, what the page asks. */
  answer(): Promise<void>;
  /** Waits until so many labels are learned. @returns the accuracy then */
  learned(count: number): Promise<number>;
  /** Draws a vertical stroke, as a mouse does. */
  drawOne(): Promise<void>;
}

/** Opens a page of its own storage that has nothing loaded yet. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  return openPage(await browser.newContext(options));
}

/** Opens one more page beside those that share a storage. */
export async function openPage(context: BrowserContext): Promise<Visit> {
  const page = await context.newPage();
  const labels = await poolLabels();
  const complaints: string[] = [];
  const requests: { url: string; method: string }[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('request', (request) => {
    requests.push({ url: request.url(), method: request.method() });
  });
  return {
    page,
    complaints,
    requests,
    async answer() {
      const item = Number(await page.locator('#asked').getAttribute('data-item'));
      await page.keyboard.press(String(labels[item]));
    },
    async learned(count) {
      const status = page.locator(`#status[data-labels="${count}"]`);
      await status.waitFor({ state: 'attached', timeout: 120_000 });
      return Number(await status.getAttribute('data-accuracy'));
    },
    async drawOne() {
      await page.locator('#pad').scrollIntoViewIfNeeded();
      const box = await page.locator('#pad').boundingBox();
      if (box === null) throw new Error('the page has no drawing area');
      const [x, y] = [box.x + box.width / 2, box.y + 0.18 * box.height];
      await page.mouse.move(x, y);
      await page.mouse.down();
      for (let step = 0; step <= 20; step++) {
        await page.mouse.move(x - step / 2, y + (0.64 * box.height * step) / 20);
      }
      await page.mouse.up();
    },
  };
}

/** Goes to the page and waits until it asks. */
export async function enter({ page }: Visit, address: string): Promise<void> {
  await page.goto(address);
  await page.locator('#asked[data-item]:not([data-item=""])').waitFor();
}
