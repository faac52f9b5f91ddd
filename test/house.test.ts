import { existsSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf, readManifest, root, sourceFiles } from './source-files.ts';

/** Workspace packages that each package may import: arrows point down only. */
const below: Readonly<Record<string, readonly string[]>> = {
  core: [],
  onnx: ['@baal/core'],
  datasets: ['@baal/core'],
  cli: ['@baal/core', '@baal/onnx', '@baal/datasets'],
};
const packages = Object.keys(below);

/** Layers inside a package, lowest first; a folder imports its own layer and those before it. */
const layers: Readonly<Record<string, readonly (readonly string[])[]>> = {
  core: [
    ['errors.ts', 'registry.ts', 'stop-signal.ts', 'random'],
    ['data', 'predictions', 'stats'],
    ['heuristics', 'metrics', 'calibration'],
    ['loop'],
    ['testing'],
    ['index.ts'],
  ],
  onnx: [
    ['graph', 'optimizers', 'name-pattern.ts', 'default-metrics.ts', 'train-and-test.ts'],
    ['node', 'runtime', 'output-kind.ts'],
    ['operators', 'losses', 'model.ts', 'heuristics'],
    ['differentiate.ts', 'bayesian', 'layers', 'reinitialize.ts'],
    ['training', 'training-args.ts'],
    ['prediction'],
    ['model-wrapper.ts'],
    ['index.ts'],
  ],
};

/** Package of a specifier: `@baal/core/testing` belongs to `@baal/core`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isRelative = (specifier: string): boolean => specifier.startsWith('.');

it('knows every package', () => {
  expect(readdirSync(join(root, 'packages')).sort()).toEqual([...packages].sort());
});

it('sees the imports that it is to judge', () => {
  const text = [
    "import type { A } from '@baal/core';",
    "import {\n  b,\n} from './b.ts';",
    "export * from 'c';",
    "const d = await import('node:fs');",
    "import 'e';",
    "// import 'f';",
  ].join('\n');
  expect(importsOf(text)).toEqual(['@baal/core', './b.ts', 'c', 'node:fs', 'e']);
  expect(sourceFiles('core').flatMap((file) => file.imports).length).toBeGreaterThan(100);
});

describe.each(packages)('packages/%s', (folder) => {
  const manifest = readManifest(folder);
  const files = sourceFiles(folder);
  const foreign = files.flatMap(({ path, imports }) =>
    imports.filter((name) => !isRelative(name)).map((name) => ({ path, name })),
  );

  it('imports workspace packages that lie below it, and no others', () => {
    const upward = foreign.filter(
      ({ name }) => /^(@baal\/|baal$)/.test(name) && !below[folder]?.includes(packageOf(name)),
    );
    expect(upward).toEqual([]);
  });

  it('declares what it imports', () => {
    const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
    const undeclared = foreign.filter(
      ({ name }) => !isBuiltin(name) && !(packageOf(name) in declared),
    );
    expect(undeclared).toEqual([]);
  });

  it('stays inside its own src with relative imports, and names files with .ts', () => {
    const wrong = files.flatMap(({ path, imports }) =>
      imports
        .filter(isRelative)
        .filter(
          (name) => !name.endsWith('.ts') || posix.join(posix.dirname(path), name).startsWith('..'),
        )
        .map((name) => ({ path, name })),
    );
    expect(wrong).toEqual([]);
  });

  it('offers its sources under the condition @baal/source, first', () => {
    const entries = Object.entries(manifest.exports).filter(([path]) => path !== './package.json');
    expect(entries.length).toBeGreaterThan(0);
    for (const [, target] of entries) {
      if (typeof target === 'string') throw new TypeError(`export ${target} has no conditions`);
      expect(Object.keys(target)).toEqual(['@baal/source', 'types', 'default']);
      const source = target['@baal/source'] as string;
      expect(existsSync(join(root, 'packages', folder, source))).toBe(true);
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      expect([target.types, target.default]).toEqual([`${built}.d.ts`, `${built}.js`]);
    }
  });
});

describe('core', () => {
  it('imports nothing of Node.js and no model runtime', () => {
    const names = sourceFiles('core').flatMap((file) => file.imports);
    expect(names.filter((name) => isBuiltin(name) || name.includes('onnx'))).toEqual([]);
  });
});

describe.each(Object.entries(layers))('packages/%s', (folder, order) => {
  it('imports down its layers only', () => {
    const layerOf = (path: string): number => {
      const layer = order.findIndex((names) => names.includes(path.split('/')[0] as string));
      if (layer === -1)
        throw new RangeError(`${folder}/src/${path} belongs to no layer; add its folder`);
      return layer;
    };
    const upward = sourceFiles(folder).flatMap(({ path, imports }) =>
      imports
        .filter(isRelative)
        .map((name) => posix.join(posix.dirname(path), name))
        .filter((target) => layerOf(target) > layerOf(path))
        .map((target) => `${path} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });
});

describe('onnx', () => {
  const files = sourceFiles('onnx');
  const forNode = (path: string): boolean => path.startsWith('node/');

  it('runs in a browser: imports nothing of Node.js but in node/, which nothing else imports', () => {
    const names = files
      .filter(({ path }) => !forNode(path))
      .flatMap(({ path, imports }) =>
        imports.map((name) => (isRelative(name) ? posix.join(posix.dirname(path), name) : name)),
      );
    expect(names.filter((name) => isBuiltin(name) || forNode(name))).toEqual([]);
    expect(files.filter(({ path }) => forNode(path)).length).toBeGreaterThan(0);
  });
});
