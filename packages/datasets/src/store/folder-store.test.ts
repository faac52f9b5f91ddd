import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { folderStore } from './folder-store.ts';

const root = mkdtempSync(join(tmpdir(), 'folder-store-'));
afterAll(() => rmSync(root, { recursive: true }));

describe('folderStore', () => {
  it('keeps bytes in a folder that it makes, and leaves no other files', async () => {
    const folder = join(root, 'a', 'b');
    const store = folderStore(folder);
    expect(await store.get('x')).toBeUndefined();
    await Promise.all([store.set('x', Uint8Array.of(1, 2)), store.set('y-1', Uint8Array.of(3))]);
    await store.set('x', Uint8Array.of(4));
    expect(await folderStore(folder).get('x')).toEqual(Uint8Array.of(4));
    expect(await store.get('y-1')).toEqual(Uint8Array.of(3));
    expect(readdirSync(folder).sort()).toEqual(['x', 'y-1']);
  });

  it('refuses keys that would leave the folder, and folders that are files', async () => {
    const store = folderStore(join(root, 'c'));
    await expect(store.get('../x')).rejects.toThrow(/key is "..\/x", expected letters/);
    await store.set('file', Uint8Array.of(1));
    const inside = folderStore(join(root, 'c', 'file'));
    await expect(inside.set('x', Uint8Array.of(1))).rejects.toThrow();
  });
});
