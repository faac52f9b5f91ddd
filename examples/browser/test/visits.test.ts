import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chromium } from './chromium.ts';
import { enter, openBrowser, openPage, type Visit, visit } from './visit.ts';

describe.skipIf(chromium === undefined)('what a visit leaves', () => {
  const origin = inject('origin');
  let browser: Browser;
  let visitor: Visit;

  beforeAll(async () => {
    browser = await openBrowser();
    visitor = await visit(browser);
    // A place of the same storage where the page is not.
    await visitor.page.route('**/aside', (route) =>
      route.fulfill({ contentType: 'text/html', body: '' }),
    );
    await enter(visitor, origin);
  });
  afterAll(() => browser?.close());

  const text = async (id: string, { page }: Visit = visitor): Promise<string> =>
    (await page.locator(`#${id}`).textContent()) ?? '';

  /** Changes what the page left under a name by a script, and opens the page anew. */
  async function spoil(name: 'answers' | 'learned', script: string): Promise<void> {
    await visitor.page.goto(`${origin}/aside`);
    await visitor.page.evaluate(`new Promise((resolve, reject) => {
      const opened = indexedDB.open('digits 1');
      opened.onerror = () => reject(opened.error);
      opened.onsuccess = () => {
        const transaction = opened.result.transaction('kept', 'readwrite');
        const table = transaction.objectStore('kept');
        const read = table.get('${name}');
        read.onsuccess = () => {
          const left = read.result;
          ${script};
          table.put(left, '${name}');
        };
        transaction.onabort = () => reject(transaction.error);
        transaction.oncomplete = () => {
          opened.result.close();
          resolve();
        };
      };
    })`);
    await enter(visitor, origin);
  }

  it('is kept by one tab at a time', async () => {
    for (let i = 0; i < 3; i++) await visitor.answer();
    await visitor.learned(3);
    const second = await openPage(visitor.page.context());
    await enter(second, origin);
    expect(await text('kept', second)).toBe(
      'Another tab has this page open and keeps the visit: this one keeps nothing.',
    );
    expect(await text('labels', second)).toBe('0');
    await second.answer();
    await second.learned(1);
    await enter(visitor, origin); // Waits until it has let itself go.
    expect(await text('kept')).toBe('');
    expect(await text('labels')).toBe('3');
    await second.page.close();
  });

  it('is gone with the last label: neither figures nor weights stay', async () => {
    await visitor.drawOne();
    await visitor.page.locator('#bars circle').first().waitFor({ state: 'attached' });
    for (let i = 0; i < 3; i++) await visitor.page.keyboard.press('Backspace');
    await visitor.page.locator('#guess:has-text("knows nothing yet")').waitFor();
    expect(await visitor.page.locator('#bars circle').count()).toBe(0);
    const nothing = async (): Promise<void> => {
      expect(await text('accuracy')).toBe('–');
      expect(await text('uncertainty')).toBe('–');
      expect(await text('status')).toBe('It knows nothing yet. Answer a few.');
      expect(await visitor.page.locator('#chart circle').count()).toBe(0);
      expect(await text('why')).toContain('The network knows nothing yet');
    };
    await nothing();
    await enter(visitor, origin);
    await nothing();
    await visitor.answer();
    await visitor.learned(1);
    expect(await text('labels')).toBe('1');
  });

  it('is not told of a training whose labels are all taken back meanwhile', async () => {
    await visitor.page.keyboard.press('Backspace');
    // By a clock that leaps, the worker listens after each epoch.
    const worker = visitor.page.workers().findLast((one) => one.url().includes('/worker-'));
    if (worker === undefined) throw new Error('there is no worker to watch');
    await worker.evaluate(`
      let now = 0;
      performance.now = () => (now += 1000);
      const post = postMessage;
      self.told = [];
      self.postMessage = (message) => {
        told.push(message.type);
        post(message);
      };
    `);
    const told = (): Promise<string[]> => worker.evaluate('told');
    await visitor.answer();
    await expect.poll(told, { timeout: 60_000 }).toContain('progress');
    await visitor.page.keyboard.press('Backspace');
    // In a training that goes on, progress would come between the answers to two drawings.
    const guesses = async (): Promise<number> =>
      (await told()).filter((type) => type === 'guess').length;
    for (let count = 1; count <= 2; count++) {
      await visitor.drawOne();
      await expect.poll(guesses, { timeout: 60_000 }).toBe(count);
    }
    expect((await told()).filter((type) => type !== 'progress')).toEqual(['guess', 'guess']);
    expect((await told()).slice(-2)).toEqual(['guess', 'guess']);
    expect(await text('guess')).toContain('knows nothing yet');
    expect(await text('accuracy')).toBe('–');
    await visitor.answer();
    await visitor.learned(1);
  });

  it('goes on without the weights if they cannot be loaded', async () => {
    await spoil('learned', 'for (const [key] of left.kept.state) left.kept.state.delete(key)');
    await visitor.page.locator('#status:has-text("learns anew")').waitFor();
    await visitor.page.locator('#status:has-text("Learned from 1 labels")').waitFor();
    await enter(visitor, origin);
    await visitor.answer();
    await visitor.learned(2);
    expect(await visitor.page.locator('#status').getAttribute('data-lost')).toBeNull();
  });

  it('is taken as far as it fits together', async () => {
    await spoil('learned', 'left.ranking.unshift({ item: 300, score: 9, probabilities: [] })');
    expect(await text('labels')).toBe('2');
    const names = await visitor.page
      .locator('#pool button')
      .evaluateAll((buttons) => buttons.map((button) => button.ariaLabel));
    expect(names.length).toBe(48);
    expect(names.filter((name) => name?.startsWith('drawing 300,'))).toEqual([]);
  });

  it('is begun anew if it cannot be read, and the page says so', async () => {
    await spoil('answers', 'left.drawn = [new Uint8Array(3)]');
    expect(await text('kept')).toBe(
      'What you left cannot be read: a drawing has not 784 pixels. Reload the page to try again; an answer here replaces it.',
    );
    expect(await text('labels')).toBe('0');
    await visitor.answer();
    await visitor.learned(1);
    await enter(visitor, origin);
    expect(await text('kept')).toBe('');
    expect(await text('labels')).toBe('1');
  });
});
