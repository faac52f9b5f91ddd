// Prints what the example page loads: bytes of each file, plain and as gzip sends it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../examples/browser/dist/', import.meta.url));
const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
  entry.isFile(),
);
const rows = files.map(({ parentPath, name }) => {
  const bytes = readFileSync(join(parentPath, name));
  // Without the hash that the bundler puts into names.
  const plain = name.replace(/-[\w-]{8}\./, '.');
  return { name: plain, kB: bytes.length / 1000, gzip: gzipSync(bytes).length / 1000 };
});
/** @param {'kB' | 'gzip'} size @returns {number} */
const sum = (size) => rows.reduce((total, row) => total + row[size], 0);
const total = { name: 'in all', kB: sum('kB'), gzip: sum('gzip') };
for (const { name, kB, gzip } of [...rows.sort((a, b) => b.kB - a.kB), total]) {
  console.log(
    `${name.padEnd(30)} ${kB.toFixed(1).padStart(9)} kB ${gzip.toFixed(1).padStart(8)} kB gzip`,
  );
}
