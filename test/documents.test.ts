import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as core from '@baal/core';
import * as datasets from '@baal/datasets';
import * as onnx from '@baal/onnx';
import { describe, expect, it } from 'vitest';
import { BAAL_NAMES } from './baal-names.ts';
import { root, sourceFiles } from './source-files.ts';

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What a heading is called in a link: as the usual renderers do it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

describe.each(documents)('%s', (file) => {
  it('links to files and headings that are there', () => {
    const links = [...textOf(file).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link]) => link);
    const broken = links.filter((link = '') => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(root, target))) return true;
      const headings = [...textOf(target).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text);
      return anchor !== undefined && !headings.map(anchorOf).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it('names commands that package.json has', () => {
  const { scripts } = JSON.parse(textOf('package.json'));
  const known = new Set([...Object.keys(scripts), 'schema']);
  const named = documents.flatMap((file) =>
    [...textOf(file).matchAll(/npm run ([a-z:-]+)/g)].map(([, name = '']) => name),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

describe('docs/from-baal.md', () => {
  const exported: Readonly<Record<string, unknown>> = { ...core, ...datasets, ...onnx };
  const rows = textOf('docs/from-baal.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| Baal |'))
    .map((line) => line.split(' | '));

  const quoted = (cell: string): string[] =>
    [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => name);

  it('has a row for every public name of Baal', () => {
    const named = new Set(rows.flatMap(([baal = '']) => quoted(baal)));
    expect(BAAL_NAMES.length).toBeGreaterThan(100);
    expect(BAAL_NAMES.filter((name) => !named.has(name))).toEqual([]);
  });

  it('says why there is none', () => {
    const silent = rows.filter(([, here, why = '']) => here === 'none' && why.length < 10);
    expect(silent).toEqual([]);
  });

  it('names options and types that are there', () => {
    const sources = ['core', 'onnx', 'datasets'].flatMap((folder) => {
      const src = join(root, 'packages', folder, 'src');
      return sourceFiles(folder).map(({ path }) => readFileSync(join(src, path), 'utf8'));
    });
    const all = sources.join('\n');
    const cells = rows.map(([, here = '']) => here);
    const options = cells
      .filter((cell) => /^options? /.test(cell))
      .flatMap((cell) => quoted(cell).map((name) => name.split('.').at(-1) ?? ''));
    const types = cells.flatMap((cell) =>
      [...cell.matchAll(/type `(\w+)`/g)].map(([, name = '']) => name),
    );
    expect(Math.min(options.length, types.length)).toBeGreaterThan(8);
    const declares = (pattern: string): boolean => new RegExp(pattern).test(all);
    expect(options.filter((name) => !declares(`readonly ${name}\\??:`))).toEqual([]);
    expect(types.filter((name) => !declares(`export (?:interface|type|class) ${name}\\b`))).toEqual(
      [],
    );
  });

  it('has rows of three cells', () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row) => row.length !== 3)).toEqual([]);
  });

  it('names exports, and members of classes, that are there', () => {
    const names = rows.flatMap(([, here = '']) =>
      /^(?:type|options?) |@baal/.test(here)
        ? []
        : [...here.matchAll(/(?<!(?:type|option) )`([\w.]+)`/g)].map(([, name = '']) => name),
    );
    expect(names.length).toBeGreaterThan(50);
    const missing = names.filter((name) => {
      const [holder = '', member] = name.split('.');
      const value = exported[holder];
      if (value === undefined) return true;
      if (member === undefined) return false;
      const { prototype } = value as { prototype: object };
      // An own field such as canLabel is seen on instances only.
      return !(member in prototype) && name !== 'ActiveLearningDataset.canLabel';
    });
    expect(missing).toEqual([]);
  });

  it('says "not yet" of nothing that is there', () => {
    const classes = [core.ActiveLearningDataset, core.ActiveLearningLoop, onnx.ModelWrapper];
    const members = classes.flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
    const present = new Set([...Object.keys(exported), ...members].map((k) => k.toLowerCase()));
    const stale = rows
      .filter(([, here]) => here === 'not yet')
      .flatMap(([baal = '']) => [...baal.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
      .filter((name) => present.has(name.toLowerCase().replaceAll('_', '')));
    expect(stale).toEqual([]);
  });
});

/** The rows of the table whose first heading is given. */
const tableOf = (file: string, heading: string): string => {
  const [, table = ''] = textOf(file).split(`\n| ${heading} |`);
  return table.split('\n\n', 1)[0] as string;
};

describe('docs/heuristics.md', () => {
  it.each(core.HEURISTIC_NAMES)('says what %s costs', (name) => {
    const written = name === 'combine' ? 'combineHeuristics' : name;
    expect(tableOf('docs/heuristics.md', 'heuristic')).toContain(`\`${written}\``);
  });

  it.each(core.HEURISTIC_NAMES)('says when to take %s', (name) => {
    const written = name === 'combine' ? 'combineHeuristics' : name;
    expect(tableOf('docs/heuristics.md', 'You have')).toContain(`\`${written}\``);
  });
});

describe('docs/metrics.md', () => {
  it.each([...core.METRIC_NAMES, 'oodAuroc'])('says what %s is for', (name) => {
    expect(tableOf('docs/metrics.md', 'You want to know')).toContain(`\`${name}\``);
  });
});

describe('docs/calibration.md', () => {
  const methods = Object.keys(core).filter((name) => /(?:Scaling|Calibration)$/.test(name));

  it('says when to take each method', () => {
    expect(methods.length).toBeGreaterThan(4);
    const text = textOf('docs/calibration.md');
    expect(methods.filter((name) => !text.includes(`| \`${name}\``))).toEqual([]);
  });
});

describe('docs/reading.md', () => {
  it('names code that is there', () => {
    const exported: Readonly<Record<string, unknown>> = { ...core, ...datasets, ...onnx };
    const names = [...textOf('docs/reading.md').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name) => !(name in exported))).toEqual([]);
  });
});
