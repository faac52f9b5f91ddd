import { readFileSync } from 'node:fs';
import type { NdArray } from '../src/data/example.ts';
import { decodeSafetensors } from '../src/data/safetensors.ts';

/** How a result is compared with its reference array. */
export interface Expectation {
  readonly tensor: string;
  readonly compare?: 'close' | 'exact' | 'order';
  readonly rtol?: number;
  readonly atol?: number;
  readonly most_uncertain?: 'highest' | 'lowest';
}

/** One reference computation. */
export interface GoldenCase {
  readonly id: string;
  readonly file: string;
  readonly match: string;
  readonly call: {
    readonly class?: string;
    readonly function?: string;
    readonly method?: string;
    readonly params?: Readonly<Record<string, unknown>>;
  };
  readonly inputs?: Readonly<Record<string, string>>;
  readonly updates?: readonly { readonly output: string; readonly target: string }[];
  readonly chunks?: readonly string[];
  readonly expected: Readonly<Record<string, Expectation>>;
  readonly [field: string]: unknown;
}

/** A folder of reference arrays beside this file: its cases, and its tensors by file and name. */
export interface GoldenGroup {
  readonly cases: readonly GoldenCase[];
  tensor(file: string, name: string): NdArray;
}

/** Reads `golden/<group>/manifest.json`; tensor files are read once, when first asked for. */
export function readGolden(group: string): GoldenGroup {
  const folder = new URL(`./golden/${group}/`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
  const files = new Map<string, ReadonlyMap<string, NdArray>>();
  return {
    cases,
    tensor: (file, name) => {
      const tensors =
        files.get(file) ?? decodeSafetensors(readFileSync(new URL(file, folder))).tensors;
      files.set(file, tensors);
      const tensor = tensors.get(name);
      if (tensor === undefined)
        throw new Error(`golden/${group}/${file} holds no tensor "${name}"`);
      return tensor;
    },
  };
}

/** The first element with |actual - expected| > atol + rtol |expected|, or null. NaN equals NaN. */
export function firstFar(
  actual: ArrayLike<number>,
  expected: ArrayLike<number | bigint>,
  { rtol = 0, atol = 0 }: { readonly rtol?: number; readonly atol?: number },
): string | null {
  if (actual.length !== expected.length) {
    return `${actual.length} values, expected ${expected.length}`;
  }
  for (let i = 0; i < actual.length; i++) {
    const is = actual[i] as number;
    const wanted = Number(expected[i]);
    if (Object.is(is, wanted)) continue;
    if (!(Math.abs(is - wanted) <= atol + rtol * Math.abs(wanted))) {
      return `element ${i} is ${is}, expected ${wanted}`;
    }
  }
  return null;
}
