import { describe, expect, it, vi } from 'vitest';
import { examplesOf, moduleOf, writeExamples } from '../scripts/doc-examples.mjs';

/** A pattern for printed text: … stands for the rest of a line, and a line of it for any lines. */
function patternOf(output: string): RegExp {
  const literal = output.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replace(/^…$/gm, '[^]*').replaceAll('…', '.*')}$`);
}

/** Executes a module and returns what it printed. */
async function run(path: string): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(values.join(' '));
  });
  try {
    await import(/* @vite-ignore */ path);
  } finally {
    log.mockRestore();
  }
  return lines.join('\n').trimEnd();
}

const examples = writeExamples();

describe('examples of the documents', () => {
  it('are found', () => {
    expect(examples.filter(({ name }) => name.startsWith('README.md'))).toHaveLength(1);
  });

  it.each(examples)(
    '$name runs, and prints what it says',
    { timeout: 180_000 },
    async (example) => {
      const printed = await run(moduleOf(example));
      const { output = '…' } = example;
      // Where they differ, a comparison of texts shows it line by line.
      if (!patternOf(output).test(printed)) expect(printed).toBe(output.trimEnd());
      if (example.name.startsWith('README.md')) {
        const accuracies = [...printed.matchAll(/accuracy (.*)$/gm)].map(([, text]) =>
          Number(text),
        );
        expect(accuracies).toHaveLength(9);
        // Chance is 0.1.
        expect(accuracies.at(-1)).toBeGreaterThan(0.5);
      }
    },
  );
});

it('keeps the example of the README at 25 lines or less', () => {
  const code = examples.find(({ name }) => name.startsWith('README.md'))?.code ?? '';
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(25);
});

describe('examplesOf', () => {
  it('joins blocks and outputs, at the lines where they stand', () => {
    const text = 'a\n```ts run\nf();\n```\n```text output\n1\n```\n```ts continue\ng();\n```\n';
    const [example] = examplesOf('x.md', `${text}\`\`\`text output\n2\n\`\`\`\n`);
    expect(example).toMatchObject({ name: 'x.md:2', output: '1\n2\n' });
    expect(example?.code.split('\n').indexOf('f();')).toBe(2);
    expect(example?.code.split('\n').indexOf('g();')).toBe(8);
  });

  it.each([
    ['```ts\nf();\n```', 'marked ""'],
    ['```ts skip\nf();\n```', 'marked "skip"'],
    ['```ts continue\nf();\n```', 'marked "continue"'],
    ['```js\nf();\n```', 'expected ts'],
  ])('refuses a block without a mark: %s', (text, message) => {
    expect(() => examplesOf('x.md', `${text}\n`)).toThrow(message);
  });
});

it('compares what was printed with the … left open', () => {
  expect('a 0.93 b').toMatch(patternOf('a 0.… b\n'));
  expect('a 1.93 b').not.toMatch(patternOf('a 0.… b\n'));
  expect('a\nb').not.toMatch(patternOf('a…\n'));
  expect('a\nb\nc\nd').toMatch(patternOf('a\n…\nd\n'));
  expect('a\nb\nc\nd').not.toMatch(patternOf('a\n…\nc\n'));
});
