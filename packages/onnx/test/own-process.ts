import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const here = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a TypeScript file beside this one on the engine as it is compiled, in a process of its own: the memory of
 * a test runner moves by itself. The young generation of V8's heap stays at its smallest, since it would double at
 * some time or other: 17 MB that are no leak.
 *
 * @param file may import packages by their names only
 * @returns what it prints, parsed as JSON
 */
export async function inOwnProcess(file: string, ...args: readonly string[]): Promise<unknown> {
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-b', here]);
  const { outputText } = ts.transpileModule(readFileSync(new URL(file, import.meta.url), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  const node = ['--expose-gc', '--max-semi-space-size=1', '--input-type=module', '-e', outputText];
  const { stdout } = await promisify(execFile)(process.execPath, [...node, ...args], { cwd: here });
  return JSON.parse(stdout);
}
