import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem as files } from './file-system.ts';
import { acquireLock, checkUnlocked, type ProcessWorld } from './lock.ts';
import { processPlace, processStart } from './process-identity.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockOf = (pid: number, start: string): void =>
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, start }));

describe('acquireLock', () => {
  it('holds a directory until it is released', () => {
    const lock = acquireLock(files, folder);
    expect(() => checkUnlocked(files, folder)).toThrow(`got process ${process.pid}; wait for it`);
    expect(JSON.parse(files.read(join(folder, 'lock')) ?? '')).toMatchObject(processPlace());
    expect(() => acquireLock(files, folder)).toThrow(
      `in use, expected no other process, got process ${process.pid}`,
    );
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    acquireLock(files, folder).release();
  });

  it('refuses while another process lives, takes over once that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const pid = child.pid as number;
    lockOf(pid, processStart(pid) as string);
    expect(() => acquireLock(files, folder)).toThrow(`got process ${pid}; wait for it, stop it`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    acquireLock(files, folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over from an earlier process with the number of a living one', () => {
    lockOf(process.pid, 'long ago');
    acquireLock(files, folder).release();
  });

  it('never takes over from another machine or another namespace, even with no such process here', () => {
    const here = processPlace();
    for (const [place, words] of [
      [{ ...here, host: 'elsewhere' }, "of the machine 'elsewhere'"],
      [{ ...here, namespace: 'pid:[7]' }, 'of another container'],
    ] as const) {
      const theirs = JSON.stringify({ pid: 2 ** 22 + 9, start: 'killed', ...place });
      writeFileSync(join(folder, 'lock'), theirs);
      for (const take of [acquireLock, checkUnlocked]) {
        expect(() => take(files, folder)).toThrow(words);
        expect(() => take(files, folder)).toThrow(
          `if that run is gone, remove ${join(folder, 'lock')}`,
        );
      }
      expect(files.read(join(folder, 'lock'))).toBe(theirs);
    }
  });

  it('does not take a process whose beginning is not known for one that has ended', () => {
    const blind: ProcessWorld = { place: processPlace(), startOf: () => null };
    lockOf(process.pid, 'long ago');
    expect(() => acquireLock(files, folder, blind)).toThrow(/earlier one of that number; if that/);
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, start: null }));
    expect(() => acquireLock(files, folder)).toThrow(/earlier one of that number; if that/);
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 + 9, start: null }));
    acquireLock(files, folder, { ...blind, startOf: processStart }).release();
    const lock = acquireLock(files, folder, blind);
    expect(() => acquireLock(files, folder, blind)).toThrow(/in use/);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes over a lock that says nothing', () => {
    writeFileSync(join(folder, 'lock'), '');
    acquireLock(files, folder).release();
  });

  it('puts a lock back that a faster process took meanwhile', () => {
    lockOf(1, 'stale');
    const theirs = JSON.stringify({ pid: process.pid, start: processStart(process.pid) });
    let raced = false;
    const racing = {
      ...files,
      move(from: string, to: string): boolean {
        if (!raced) writeFileSync(from, theirs);
        raced = true;
        return files.move(from, to);
      },
    };
    expect(() => acquireLock(racing, folder)).toThrow(/in use/);
    expect(files.read(join(folder, 'lock'))).toBe(theirs);
  });

  it('leaves a lock alone that is no longer its own', () => {
    const lock = acquireLock(files, folder);
    lockOf(1, 'other');
    lock.release();
    expect(readdirSync(folder)).toEqual(['lock']);
  });
});

describe('processStart', () => {
  it('tells this process, and none for a number that is not used', () => {
    expect(processStart(process.pid)).toBe(processStart(process.pid));
    expect(processStart(2 ** 22 + 7)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux').each([
    ['all of /proc', () => true],
    ['the boot', (path: string) => path.includes('boot_id')],
  ])('says that it does not know where it cannot read %s', (_, hidden) => {
    const read = (path: string): string => {
      if (hidden(path)) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      return files.read(path) ?? '';
    };
    expect(processStart(process.pid, read)).toBeNull();
    expect(processStart(2 ** 22 + 7, read)).toBeUndefined();
  });

  it.runIf(process.platform === 'linux')(
    'takes one that has ended for gone, though its number is kept',
    () => {
      const stat = `${process.pid} (a ) Z) Z 1 ${'0 '.repeat(40)}`;
      expect(processStart(process.pid, () => stat)).toBeUndefined();
    },
  );
});
