import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { missingPackages, platformOf } from '../scripts/complete-lockfile.mjs';
import { root } from './source-files.ts';

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

it('holds the packages of all platforms, without which npm ci refuses it', () => {
  expect(missingPackages(packages).map(({ name }) => name)).toEqual([]);
});

it('notices a package that is left out, and knows its platform by its name', () => {
  const name = '@biomejs/cli-linux-x64-musl';
  const { [`node_modules/${name}`]: left, ...others } = packages;
  expect(missingPackages(others)).toEqual([{ name, entry: left }]);
});

it('agrees with what packages say of themselves', () => {
  const named = Object.entries<{ os?: string[]; cpu?: string[]; libc?: string[] }>(packages)
    .map(([path, entry]) => ({ name: path.replace(/^.*node_modules\//, ''), ...entry }))
    .filter(({ name, os, cpu }) => os?.length === 1 && cpu?.length === 1 && name.includes('-'));
  expect(named.length).toBeGreaterThan(40);
  const differing = named.filter(({ name, os, cpu, libc }) => {
    const read = platformOf(name);
    // Some names, and some packages for ARM, say nothing of the C library.
    const known = libc === undefined || read.libc === undefined ? [] : [[read.libc, libc]];
    return [[read.os, os], [read.cpu, cpu], ...known].some(([a, b]) => `${a}` !== `${b}`);
  });
  expect(differing).toEqual([]);
});
