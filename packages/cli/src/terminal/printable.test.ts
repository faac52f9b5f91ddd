import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('writes out what a terminal would obey, and nothing else', () => {
  expect(printable('Relu "\u001b[2J\u0007\r\u009b31m\u202e" — ü\t🦉\nnext')).toBe(
    'Relu "\\u{1b}[2J\\u{7}\\u{d}\\u{9b}31m\\u{202e}" — ü\t🦉\nnext',
  );
});

it('cuts long lines in the middle, each for itself', () => {
  const [long = '', short] = printable(`begin${'x'.repeat(1e6)}end\nshort`).split('\n');
  expect(long).toMatch(/^beginx+ … x+end$/);
  expect(long).toHaveLength(4003);
  expect(short).toBe('short');
});
