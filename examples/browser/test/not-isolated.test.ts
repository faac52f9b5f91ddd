import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chromium } from './chromium.ts';
import { enter, openBrowser, visit } from './visit.ts';

describe.skipIf(chromium === undefined)('without the headers that isolate a page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it('it has no shared memory, and learns and reads on one thread', async () => {
    const visitor = await visit(browser);
    const { page } = visitor;
    await page.route('**/*', async (route) => {
      const response = await route.fetch();
      const headers = Object.entries(response.headers()).filter(
        ([name]) => !name.startsWith('cross-origin-'),
      );
      await route.fulfill({ response, headers: Object.fromEntries(headers) });
    });
    // More threads than it can have, which must do no harm.
    await enter(visitor, `${inject('origin')}/?threads=2`);
    expect(await page.evaluate('crossOriginIsolated')).toBe(false);
    expect(await page.evaluate('typeof SharedArrayBuffer')).toBe('undefined');
    for (let i = 0; i < 4; i++) await visitor.answer();
    await visitor.learned(4);
    expect(await page.locator('#status').textContent()).toContain('on 1 thread.');
    await visitor.drawOne();
    await page.locator('#bars circle').first().waitFor({ state: 'attached' });
  });
});
