import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromium } from './chromium.ts';
import { openBrowser } from './visit.ts';
import type { Answer, Question } from './webgpu/messages.ts';

const configFile = join(import.meta.dirname, '..', 'vite.config.ts');
const root = join(import.meta.dirname, 'webgpu');

describe.skipIf(chromium === undefined)('WebGPU in a worker', () => {
  const outDir = mkdtempSync(join(tmpdir(), 'baal-webgpu-'));
  let server: PreviewServer;

  beforeAll(async () => {
    const site = { configFile, root, logLevel: 'error', build: { outDir } } as const;
    await build(site);
    server = await preview({ ...site, preview: { port: 0, host: '127.0.0.1' } });
  });
  afterAll(async () => {
    await server?.close();
    rmSync(outDir, { recursive: true });
  });

  async function ask(question: Question, args?: readonly string[]): Promise<Answer> {
    const browser = await openBrowser(args);
    try {
      const page = await browser.newPage();
      page.on('console', (message) => console.log(message.text()));
      await page.goto(new URL(server.resolvedUrls?.local[0] ?? '').href);
      await page.waitForFunction('window.ask');
      return (await page.evaluate(`ask(${JSON.stringify(question)})`)) as Answer;
    } finally {
      await browser.close();
    }
  }

  it('is missing without a graphics adapter, and an error says so', async () => {
    expect(await ask({ fallback: false })).toEqual({
      error: expect.stringMatching(
        /^loadOnnxRuntime: execution provider "webgpu" is missing, .*adapter.*; name another one, or pass fallback: true/i,
      ),
    });
  });

  it('is left out without an adapter if a fallback is asked for', async () => {
    expect(await ask({ fallback: true })).toMatchObject({ providers: ['cpu'], accuracy: 1 });
  });

  it('learns and samples what the CPU does, on an adapter in software', async () => {
    const cpu = await ask({ fallback: true });
    const gpu = await ask({ fallback: false }, [
      '--enable-unsafe-webgpu',
      '--use-webgpu-adapter=swiftshader',
    ]);
    expect(gpu).toMatchObject({ providers: ['webgpu'], accuracy: 1 });
    if (!('samples' in cpu && 'samples' in gpu)) throw new Error('one of them did not learn');
    gpu.samples.forEach((value, i) => {
      expect(Math.abs(value - (cpu.samples[i] as number))).toBeLessThan(0.01);
    });
  });
});
