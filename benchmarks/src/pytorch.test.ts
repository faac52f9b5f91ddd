import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startPytorch } from './pytorch.ts';
import { randomImages } from './workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'baal-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));
const images = randomImages(2);

/** A command that stands in for Python: it says these lines, one for each request after the first. */
function python(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  const answers = lines.map((line, i) => `${i === 0 ? '' : 'read -r request\n'}echo '${line}'`);
  writeFileSync(path, `#!/bin/sh\n${answers.join('\n')}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('startPytorch', () => {
  it('skips where there is no such command, or no torch', async () => {
    const skipped =
      'skipped: python3-torch is not installed (apt-get install python3-torch libopenblas0-pthread)';
    const without = python('without', '{"refused":"torch"}');
    expect(await startPytorch([without], 1, images)).toEqual({ skipped });
    expect(await startPytorch([join(folder, 'missing')], 1, images)).toEqual({ skipped });
  });

  it('says what a broken one says last', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho start >&2\necho "libtorch: cannot open" >&2\nexit 1\n');
    chmodSync(broken, 0o755);
    const { skipped } = await startPytorch([broken], 1, images);
    expect(skipped).toMatch(/^skipped: .*broken ended without an answer: libtorch: cannot open/);
  });

  it('refuses a PyTorch on a slow BLAS', async () => {
    const { skipped } = await startPytorch([python('slow', '{"refused":"blas"}')], 1, images);
    expect(skipped).toContain('no fast BLAS');
  });

  it('takes the first that works and talks to it', async () => {
    const slow = python('slow-too', '{"refused":"blas"}');
    const good = python(
      'good',
      '{"torch":"9.9","blas":"libfast","threads":2}',
      '{}',
      '{"seconds":0.25}',
    );
    const { pytorch } = await startPytorch([slow, good], 2, images);
    expect(pytorch?.description).toBe('PyTorch 9.9, libfast, 2 threads');
    expect(await pytorch?.step('cnn', 2, 1)).toBe(0.25);
    await expect(pytorch?.predict('cnn', 2, 1, 2)).rejects.toThrow('ended without an answer');
    await pytorch?.close();
  });
});
