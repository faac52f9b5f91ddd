import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const root: string = fileURLToPath(new URL('..', import.meta.url));

/** A module of a package, with what it imports. */
export interface SourceFile {
  /** Path from the package's `src`, e.g. `loop/learner.ts`. */
  readonly path: string;
  /** Everything after `from`, in `import '…'` or `import('…')`, type imports included. */
  readonly imports: readonly string[];
}

/** What is published under `packages/`. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of a package. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
}

/** The modules of a package, without its tests. */
export function sourceFiles(folder: string): SourceFile[] {
  const src = join(root, 'packages', folder, 'src');
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => ({ path, imports: importsOf(readFileSync(join(src, path), 'utf8')) }));
}

/** Module specifiers of a text; comments do not count. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g);
  return [...found].map((match) => match[2] as string);
}
