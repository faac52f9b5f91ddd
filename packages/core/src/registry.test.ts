import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { lookUp, nearestName } from './registry.ts';

const registry = new Map([
  ['bald', 1],
  ['batchBald', 2],
  ['entropy', 3],
]);

describe('lookUp', () => {
  it('finds by exact name', () => {
    expect(lookUp('getHeuristic', 'heuristic', registry, 'bald')).toBe(1);
  });

  it('lists the known names on a miss, and the nearest one', () => {
    const miss = (): number => lookUp('getHeuristic', 'heuristic', registry, 'batch_bald');
    expect(miss).toThrow(ConfigError);
    expect(miss).toThrow(
      'there is no heuristic "batch_bald", expected one of bald, batchBald, entropy; did you mean "batchBald"?',
    );
    expect(() => lookUp('x', 'y', registry, 'variance')).toThrow(/entropy$/);
  });
});

describe('nearestName', () => {
  it.each([
    ['BALD', 'bald'],
    ['bld', 'bald'],
    ['entorpy', 'entropy'],
    ['variance', null],
    ['', null],
  ])('of %j is %j', (name, nearest) => {
    expect(nearestName(name, [...registry.keys()])).toBe(nearest);
  });
});
