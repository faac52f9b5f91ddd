import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const here = fileURLToPath(new URL('..', import.meta.url));
const worker = new URL('./memory-worker.ts', import.meta.url);
const steps = 10_000;

interface Outcome {
  readonly trained: number;
  readonly predicted: number;
  readonly resident: readonly number[];
}

/*
 * The engine as it is compiled, in a process of its own: the memory of a test runner moves by itself.
 * The young generation of V8's heap stays at its smallest, since it would double at some time or other:
 * 17 MB that are no leak.
 */
it('memory stays level over 10,000 training steps and 20,000 predictions', async () => {
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-b', here]);
  const { outputText } = ts.transpileModule(readFileSync(worker, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const node = ['--expose-gc', '--max-semi-space-size=1', '--input-type=module', '-e', outputText];
  const { stdout } = await promisify(execFile)(process.execPath, [...node, `${steps}`], {
    cwd: here,
  });
  const { trained, predicted, resident } = JSON.parse(stdout) as Outcome;
  expect(trained).toBeGreaterThan(steps);
  expect(predicted).toBeGreaterThan(2 * steps);
  const growth = (resident.at(-1) as number) - (resident[0] as number);
  expect(growth, `MB resident: ${resident.map((mb) => mb.toFixed(1)).join(', ')}`).toBeLessThan(5);
}, 180_000);
