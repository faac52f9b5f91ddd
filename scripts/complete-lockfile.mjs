// Adds to package-lock.json the optional packages of other platforms that npm left out when it wrote the file.
// npm leaves out what it could not look up at that moment; `npm ci` then refuses the file, on every platform.
// Run after `npm install`:  node scripts/complete-lockfile.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} LockedPackage
 * @property {string} version @property {boolean} [dev] @property {boolean} [optional]
 * @property {string[]} [os] @property {string[]} [cpu] @property {string[]} [libc]
 * @property {Record<string, string>} [engines] @property {Record<string, string>} [optionalDependencies]
 */

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64'];

/**
 * What a name such as `@biomejs/cli-linux-x64-musl` says about its platform.
 *
 * @param {string} name
 * @returns {Pick<LockedPackage, 'os' | 'cpu' | 'libc'>}
 */
export function platformOf(name) {
  const parts = name.replace('linuxmusl', 'linux-musl').split(/[/-]/);
  const os = systems.find((system) => parts.includes(system));
  const cpu = processors.find((processor) => parts.includes(processor));
  if (os === undefined || cpu === undefined)
    throw new Error(`complete-lockfile: the name ${name} names no known platform; add it by hand`);
  const libc = parts.includes('musl') ? 'musl' : parts.includes('gnu') ? 'glibc' : undefined;
  return { cpu: [cpu], ...(libc && os === 'linux' ? { libc: [libc] } : {}), os: [os] };
}

/**
 * Optional packages that a lock file names and does not hold.
 *
 * @param {Record<string, LockedPackage>} packages The key `packages` of a lock file.
 * @returns {{ name: string, entry: LockedPackage }[]}
 */
export function missingPackages(packages) {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev, engines }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !(`node_modules/${name}` in packages))
      .filter(([name]) => !(`${path}/node_modules/${name}` in packages))
      .map(([name, version]) => ({
        name,
        entry: {
          version,
          ...platformOf(name),
          ...(dev ? { dev } : {}),
          optional: true,
          ...(engines ? { engines } : {}),
        },
      })),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingPackages(lock.packages);
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`complete-lockfile: ${missing.length} packages added`);
}
