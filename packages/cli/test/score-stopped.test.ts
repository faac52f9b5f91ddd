import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@baal/core';
import type { RowSource } from '@baal/datasets';
import { mlp, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../src/data/data-files.ts';
import { baal } from '../src/program.ts';
import { nodeFileSystem } from '../src/run/file-system.ts';
import { poolOf } from '../src/score/pool.ts';
import { testContext } from './in-process.ts';

/* Ctrl-C before the first row is scored, and twice. */
let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-stopped-'));
  const rng = createRng('stopped');
  const { graph } = mlp({ inputShape: [3], classes: 4, hidden: [8], dropout: 0.5, rng });
  writeFileSync(at('model.onnx'), writeOnnx(graph));
  writeFileSync(at('pool.csv'), 'a,b,c\n1,2,3\n');
});
afterAll(() => rmSync(folder, { recursive: true }));
const command = (): string[] => [
  ...['score', at('model.onnx'), at('pool.csv'), '--kind', 'logits'],
  ...['--out', at('scores.csv')],
];

describe('baal score, stopped', () => {
  it('does not read on to know what the files are', async () => {
    const stop = new AbortController();
    const reason = new Error('SIGINT');
    stop.abort(reason);
    await expect(digestOf(at('pool.csv'), stop.signal)).rejects.toBe(reason);
    let locked = false;
    const context = testContext({
      files: {
        ...nodeFileSystem,
        createExclusive: (...args) => {
          locked = true;
          return nodeFileSystem.createExclusive(...args);
        },
      },
      signal: stop.signal,
    });
    expect(await baal(command(), context)).toBe(130);
    expect(context.complaints).toEqual([
      'baal: interrupted before the first row, nothing was changed',
    ]);
    expect(locked).toBe(false);
  });

  it('does not read on through what is there from before', async () => {
    const line = 'row,id\n';
    writeFileSync(at('scores.csv.part'), line);
    const begun = testContext();
    // The journal of an interrupted run, with a checkpoint to check.
    const notes: string[] = [];
    const files = {
      ...nodeFileSystem,
      replace: (path: string, text: string) => {
        notes.push(text);
        nodeFileSystem.replace(path, text);
        begun.stop.abort(new Error('SIGINT'));
      },
    };
    expect(await baal(command(), { ...begun, files })).toBe(130);
    writeFileSync(at('scores.csv.part'), line);
    writeFileSync(at('scores.csv.journal'), notes[0] as string);
    const context = testContext();
    const reading = {
      ...nodeFileSystem,
      read: (path: string) => {
        if (path.endsWith('.journal')) context.stop.abort(new Error('SIGINT'));
        return nodeFileSystem.read(path);
      },
    };
    expect(await baal(command(), { ...context, files: reading })).toBe(130);
    expect(context.complaints).toEqual([
      'baal: interrupted before the first row, nothing was changed',
    ]);
    expect(readdirSync(folder).sort()).toEqual(
      ['model.onnx', 'pool.csv', 'scores.csv.journal', 'scores.csv.part'].sort(),
    );
  });

  it('does not wait for rows that are passed over', async () => {
    const stop = new AbortController();
    const source: RowSource = {
      inputShape: [1],
      // It never comes to a row.
      async *chunks() {
        await new Promise(() => undefined);
      },
    };
    const pool = poolOf({
      inputs: [],
      feeds: new Map(),
      parts: [{ path: 'pool', source, slices: [] }],
      labels: undefined,
      shapes: {},
      files: {},
      scaled: [],
      options: {} as never,
    });
    const first = pool.chunks(1, 5, stop.signal).next();
    const reason = new Error('SIGINT');
    stop.abort(reason);
    await expect(first).rejects.toBe(reason);
  });

  it('twice, ends at once', async () => {
    const context = testContext();
    const files = {
      ...nodeFileSystem,
      read: (path: string) => {
        context.kill.abort(new Error('SIGINT'));
        return nodeFileSystem.read(path);
      },
    };
    await baal(command(), { ...context, files });
    expect(context.exits).toEqual([130]);
  });
});
