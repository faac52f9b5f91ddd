import { mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileSystem, nodeFileSystem as files } from './file-system.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

describe('nodeFileSystem', () => {
  it('appends, cuts and reads', () => {
    files.append(at('a'), 'one\n');
    files.append(at('a'), 'zwölf\n');
    expect(files.read(at('a'))).toBe('one\nzwölf\n');
    files.truncate(at('a'), 4);
    expect(files.read(at('a'))).toBe('one\n');
    expect(files.read(at('b'))).toBeUndefined();
  });

  it('notes at the end', () => {
    files.note(at('a'), 'one\n');
    files.note(at('a'), 'two');
    expect(files.read(at('a'))).toBe('one\ntwo');
  });

  it('replaces in one step and leaves no temporary file', () => {
    files.replace(at('a'), 'old');
    files.replace(at('a'), 'new');
    expect(readFileSync(at('a'), 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('creates a file only if there is none', () => {
    expect(files.createExclusive(at('a'), 'first')).toBe(true);
    expect(files.createExclusive(at('a'), 'second')).toBe(false);
    expect(files.read(at('a'))).toBe('first');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('moves, removes and lists what is there', () => {
    expect(files.move(at('a'), at('b'))).toBe(false);
    files.replace(at('b'), '');
    files.replace(at('a'), '');
    expect(files.list(folder)).toEqual(['a', 'b']);
    expect(files.move(at('a'), at('c'))).toBe(true);
    files.remove(at('c'));
    files.remove(at('c'));
    expect(files.list(folder)).toEqual(['b']);
    expect(files.list(at('nowhere'))).toEqual([]);
  });

  it('leaves nothing half-written when the disk is full in the middle of a text', () => {
    let calls = 0;
    const full = createFileSystem((file, bytes, from) => {
      if (calls++ % 2 === 1) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      return writeSync(file, bytes, from, 2);
    });
    files.append(at('a'), 'one\n');
    files.replace(at('b'), 'old');
    expect(() => full.append(at('a'), 'two\n')).toThrow('full');
    expect(() => full.replace(at('b'), 'new')).toThrow('full');
    expect(() => full.createExclusive(at('c'), 'new')).toThrow('full');
    expect(files.read(at('a'))).toBe('one\n');
    expect(files.read(at('b'))).toBe('old');
    expect(files.list(folder)).toEqual(['a', 'b']);
  });
});
