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
    await enter(visitor, inject('origin'));
    for (let i = 0; i < 5; i++) await visitor.answer();
    await visitor.learned(5);
  });
  afterAll(() => browser?.close());

  /** Runs a script in the worker that learns, without waiting for it. */
  async function inWorker(script: string): Promise<void> {
    const worker = visitor.page.workers().findLast((one) => one.url().includes('/worker-'));
    await worker?.evaluate(`setTimeout(() => { ${script} }); undefined`);
  }

  /** What the page says when it has lost so many workers. */
  async function lost(count: number): Promise<string> {
    const status = visitor.page.locator(`#status[data-lost="${count}"]`);
    await status.waitFor({ state: 'attached' });
    return (await status.textContent()) ?? '';
  }

  it('in the middle of a training loses this training only: the next worker learns all labels', async () => {
    for (let i = 0; i < 5; i++) await visitor.answer();
    await visitor.page.locator('#progress:not([value="0"]):not([value="1"])').waitFor();
    await inWorker('close()');
    expect(await lost(1)).toContain('A new one goes on from the last training');
    await visitor.learned(10);
    expect(await visitor.page.locator('#labels').textContent()).toBe('10');
  });

  it('of an error leaves its weights: the next one reads a drawing without another training', async () => {
    await inWorker('throw new Error("struck by lightning")');
    expect(await lost(2)).toContain('struck by lightning');
    await visitor.drawOne();
    await visitor.page.locator('#bars circle').first().waitFor({ state: 'attached' });
    expect(await visitor.page.locator('#guess').textContent()).toMatch(/^Of 20 samples/);
  });

  it('for want of memory is replaced as well', async () => {
    for (let i = 0; i < 2; i++) await visitor.answer();
    await inWorker('new Float64Array(2 ** 40)');
    expect(await lost(3)).toMatch(/Array buffer allocation|Invalid typed array length/);
    await visitor.learned(12);
    expect(visitor.complaints).toEqual([]);
  });

  it('again and again is given up in the end, and the labels are kept', async () => {
    for (let death = 4; death <= 6; death++) {
      await inWorker('throw new Error("beyond repair")');
      await lost(death);
    }
    expect(await visitor.page.locator('#status').textContent()).toBe(
      'It stopped: Uncaught Error: beyond repair. Your labels are kept: reload the page to try again.',
    );
    await enter(visitor, inject('origin'));
    expect(await visitor.page.locator('#labels').textContent()).toBe('12');
    await visitor.answer();
    await visitor.learned(13);
  });
});
