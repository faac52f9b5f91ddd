/*
 * The command `baal` in this process:
 *   node score-child.js ARGUMENT…
 * prints { ms, peakMB } as a last JSON line. `score.ts` starts it.
 */
import { readFileSync } from 'node:fs';

const start = performance.now();
await import(new URL('bin/baal.js', import.meta.resolve('baal/package.json')).href);
const ms = performance.now() - start;
const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
if (process.exitCode !== 0) throw new Error(`score-child: baal ended with ${process.exitCode}`);
console.log(JSON.stringify({ ms, peakMB: (Number(peak?.[1]) * 1024) / 1e6 }));
