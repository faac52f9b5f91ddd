import { describe, expect, it } from 'vitest';
import { ResourceCache } from './resource-cache.ts';

function resource(bytes: number, gone: string[], name: string) {
  return async () => ({
    bytes,
    dispose: async () => {
      gone.push(name);
    },
  });
}

describe('ResourceCache', () => {
  it('lets go of what was not used for longest when the budget is passed', async () => {
    const gone: string[] = [];
    const cache = new ResourceCache(10);
    await cache.get('a', resource(4, gone, 'a'));
    await cache.get('b', resource(4, gone, 'b'));
    await cache.get('a', resource(4, gone, 'never made'));
    await cache.get('c', resource(4, gone, 'c'));
    expect(gone).toEqual(['b']);
    await cache.get('d', resource(100, gone, 'd'));
    expect(gone).toEqual(['b', 'a', 'c']);
    await cache.clear();
    expect(gone).toEqual(['b', 'a', 'c', 'd']);
  });
});
