import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chromium } from './chromium.ts';
import { enter, openBrowser, type Visit, visit } from './visit.ts';

describe.skipIf(chromium === undefined)('a worker that dies', () => {
  let browser: Browser;
  let visitor: Visit;

  beforeAll(async () => {
    browser = await openBrowser();
    visitor = await visit(browser);
    await visitor.page.addInitScript(`
      globalThis.said = [];
      new MutationObserver(([{ target }]) => {
        said[target.dataset.lost] = target.textContent;
      }).observe(document, { subtree: true, attributeFilter: ['data-lost'] });
    `);
    await enter(visitor, inject('origin'));
    for (let i = 0; i < 5; i++) await visitor.answer();
    await visitor.learned(5);
  });
  afterAll(() => browser?.close());

  /** Runs a script in the worker that learns, without waiting for it. */
  async function inWorker(script: string): Promise<void> {
    const worker = visitor.page.workers().findLast((one) => one.url().includes('/worker-'));
    if (worker === undefined) throw new Error('there is no worker to run a script in');
    await worker.evaluate(`setTimeout(() => { ${script} }); undefined`);
  }

  /** What the page said when it had lost so many workers, whatever it says now. */
  async function lost(count: number): Promise<string> {
    let told = '';
    const poll = async (): Promise<string> => {
      told = await visitor.page.evaluate(`said[${count}] ?? ''`);
      return told;
    };
    await expect.poll(poll, { timeout: 120_000 }).not.toBe('');
    return told;
  }

  it('in the middle of a training loses this training only: the next worker learns all labels', async () => {
    // By a clock that leaps, it listens after each epoch; it closes after the first one, whoever is faster.
    await inWorker(`
      let now = 0;
      performance.now = () => (now += 1000);
      const post = postMessage;
      self.postMessage = (message) => {
        post(message);
        if (message.type === 'progress') close();
      };
    `);
    for (let i = 0; i < 5; i++) await visitor.answer();
    await lost(1);
    await visitor.learned(10);
    expect(await visitor.page.locator('#labels').textContent()).toBe('10');
  });

  it('of an error leaves its weights: the next one reads a drawing without another training', async () => {
    await inWorker('throw new Error("struck by lightning")');
    expect(await lost(2)).toBe(
      'Its worker stopped (Uncaught Error: struck by lightning). A new one goes on from the last training.',
    );
    await visitor.drawOne();
    await visitor.page.locator('#bars circle').first().waitFor({ state: 'attached' });
    expect(await visitor.page.locator('#guess').textContent()).toMatch(/^Of 20 samples/);
  });

  it('for want of memory is replaced as well; a last one learns anew', async () => {
    await inWorker('new Float64Array(2 ** 40)');
    const told = await lost(3);
    expect(told).toMatch(/Array buffer allocation|Invalid typed array length/);
    expect(told).toContain('learns anew');
    for (let i = 0; i < 2; i++) await visitor.answer();
    await visitor.learned(12);
    expect(visitor.complaints).toEqual([]);
  });

  it('again and again is given up in the end, and the labels are kept', async () => {
    await visitor.page.route('**/worker-*.js', (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        headers: { 'Cross-Origin-Embedder-Policy': 'require-corp' },
        body: 'throw new Error("beyond repair")',
      }),
    );
    await inWorker('throw new Error("the first of three")');
    const end =
      'It stopped: Uncaught Error: beyond repair. Your labels are kept: reload the page to try again.';
    expect(await lost(6)).toBe(end);
    await visitor.answer();
    expect(await visitor.page.locator('#labels').textContent()).toBe('13');
    expect(await visitor.page.locator('#status').textContent()).toBe(end);
    await visitor.page.unroute('**/worker-*.js');
    await enter(visitor, inject('origin'));
    expect(await visitor.page.locator('#labels').textContent()).toBe('13');
    await visitor.answer();
    await visitor.learned(14);
  });

  it('before it begins, for want of its script, is said to', async () => {
    await visitor.page.route('**/worker-*.js', (route) => route.fulfill({ status: 404 }));
    await enter(visitor, inject('origin'));
    expect(await lost(3)).toBe(
      'It stopped: its script could not be loaded. Your labels are kept: reload the page to try again.',
    );
  });
});
