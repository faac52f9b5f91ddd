// What a user gets: packs the four packages, installs the archives in an empty folder together with what they
// depend on, compiles and runs a ten-line program there, and asks the command for help.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'baal-packed-'));
const app = join(scratch, 'app');

/** Runs a command and returns what it printed. @param {string} cwd @param {string[]} command */
function run(cwd, [name = '', ...args]) {
  console.log(`$ ${name} ${args.join(' ')}`);
  const { status, stdout, error } = spawnSync(name, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // The install script of onnxruntime-node would fetch files for CUDA, which nobody needs here.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
  if (status === 0) return stdout;
  throw new Error(`packed install: ${name} failed (${error ?? status})\n${stdout}`);
}

/** @param {string} printed @param {RegExp} pattern */
function expectPrinted(printed, pattern) {
  console.log(printed.trimEnd());
  if (!pattern.test(printed)) throw new Error(`packed install: expected ${pattern} to be printed`);
}

try {
  mkdirSync(app);
  const folders = ['core', 'onnx', 'datasets', 'cli'].map((name) => `packages/${name}`);
  const workspaces = folders.flatMap((folder) => ['-w', folder]);
  const packed = JSON.parse(
    run(root, ['npm', 'pack', ...workspaces, '--json', '--pack-destination', scratch]),
  );
  /** @type {string[]} */
  const archives = packed.map((/** @type {{ filename: string }} */ { filename }) =>
    join(scratch, filename),
  );
  for (const { name, size, files } of packed) {
    const tests = files.filter((/** @type {{ path: string }} */ { path }) => /\.test\./.test(path));
    console.log(`${name}: ${files.length} files, ${(size / 1024).toFixed(0)} kB`);
    if (tests.length > 0) throw new Error(`packed install: ${name} packs tests: ${tests[0].path}`);
  }
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  run(app, ['npm', 'install', '--no-audit', '--no-fund', ...archives]);
  copyFileSync(join(root, 'scripts/packed-program.mjs'), join(app, 'program.mjs'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const strict = '--noEmit --allowJs --checkJs --strict --target es2023 --module nodenext'.split(
    ' ',
  );
  run(app, [process.execPath, compiler, ...strict, 'program.mjs']);
  expectPrinted(run(app, [process.execPath, 'program.mjs']), /^loss [\d.]+, .*item \d+ of 64$/m);
  expectPrinted(run(app, ['npx', '--no-install', 'baal', '--help']), /Usage: baal/);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
