import { join } from 'node:path';
import { build, preview } from 'vite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the built page is served. */
    origin: string;
  }
}

const configFile = join(import.meta.dirname, '..', 'vite.config.ts');

/** Builds the page once for all tests, and serves it. */
export default async function site({ provide }: TestProject): Promise<() => Promise<void>> {
  await build({ configFile, logLevel: 'error' });
  const server = await preview({
    configFile,
    logLevel: 'warn',
    preview: { port: 0, host: '127.0.0.1' },
  });
  provide('origin', new URL(server.resolvedUrls?.local[0] ?? '').origin);
  return () => server.close();
}
