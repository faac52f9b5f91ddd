import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as core from '@baal/core';
import * as datasets from '@baal/datasets';
import * as onnx from '@baal/onnx';
import { describe, expect, it } from 'vitest';
import { root } from './source-files.ts';

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
    [...textOf(file).matchAll(/npm run ([a-z-]+)/g)].map(([, name = '']) => name),
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
