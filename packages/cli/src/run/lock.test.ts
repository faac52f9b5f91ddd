import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem as files } from './file-system.ts';
import { acquireLock, lockHolder } from './lock.ts';
import { processStart } from './process-identity.ts';

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
    expect(lockHolder(files, folder)).toBe(process.pid);
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
});
