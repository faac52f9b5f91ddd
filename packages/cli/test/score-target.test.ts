import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@baal/core';
import { mlp } from '@baal/onnx';
import { writeOnnxFile } from '@baal/onnx/node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refused, score } from './score-in-process.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-target-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true });
  const rng = createRng('target');
  const { graph } = mlp({ inputShape: [3], classes: 4, hidden: [100], dropout: 0.5, rng });
  writeOnnxFile(at('model.onnx'), graph, { externalData: true });
  writeFileSync(at('pool.csv'), 'a,b,c\n1,2,3\n');
});
const args = (out: string): string[] => [
  ...[at('model.onnx'), at('pool.csv'), '--kind', 'logits', '--out', out],
];

describe('baal score --out', () => {
  it('does not take the place of weights that lie beside the model', async () => {
    const weights = readFileSync(at('model.onnx.data'));
    expect(await refused(...args(at('model.onnx.data')))).toContain('model.onnx.data is read too');
    expect(readFileSync(at('model.onnx.data'))).toEqual(weights);
    expect((await score(...args(at('scores.csv')))).code).toBe(0);
  });

  it.each(['.part', '.journal', '.lock'])('does not put its %s over the model', async (end) => {
    const model = at(`scores.csv${end}`);
    const rng = createRng('target');
    const { graph } = mlp({ inputShape: [3], classes: 4, hidden: [8], dropout: 0.5, rng });
    writeOnnxFile(model, graph);
    const before = readFileSync(model);
    const out = ['--kind', 'logits', '--out', at('scores.csv')];
    expect(await refused(model, at('pool.csv'), ...out)).toContain(`scores.csv${end} is read too`);
    expect(readFileSync(model)).toEqual(before);
  });

  it('does not take the place of a pipe or a device', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    for (const path of [at('pipe'), '/dev/null']) {
      expect(await refused(...args(path))).toContain(`${path} is a device or a pipe, expected a`);
    }
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('writes to the file behind a link, and leaves the link', async () => {
    writeFileSync(at('real.csv'), 'old');
    symlinkSync(at('real.csv'), at('link.csv'));
    expect((await score(...args(at('link.csv')))).code).toBe(0);
    expect(lstatSync(at('link.csv')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('real.csv'), 'utf8')).toMatch(/^row,id,score.*\n0,0,0\.\d+/);
    symlinkSync(at('nothing'), at('dangling.csv'));
    expect(await refused(...args(at('dangling.csv')))).toContain('is a link to nothing');
  });
});
