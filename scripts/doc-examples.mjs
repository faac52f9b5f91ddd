// The TypeScript examples of README.md, CONTRIBUTING.md and docs/*.md as modules in test/generated/, for the
// compiler (npm run types) and the tests (test/doc-examples.test.ts). The info string of a fence decides:
//   ```ts run        a module of its own
//   ```ts continue   goes on with the block before
//   ```text output   what the block before prints; … stands for anything
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {object} Example
 * @property {string} name File and line, e.g. `docs/engine.md:12`.
 * @property {string} code Module text; its line numbers are those of the document.
 * @property {string} [output] What it should print.
 */

/**
 * The examples of a Markdown text.
 *
 * @param {string} file @param {string} text
 * @returns {Example[]}
 * @throws Error if a block is not marked, or is marked to go on with nothing
 */
export function examplesOf(file, text) {
  /** @type {Example[]} */
  const examples = [];
  for (const { 1: language, 2: info = '', 3: body = '', index } of text.matchAll(
    /^```(\w+)[ ]*(.*)\n([\s\S]*?)^```$/gm,
  )) {
    const line = text.slice(0, index).split('\n').length;
    const name = `${file}:${line}`;
    const last = examples.at(-1);
    if (language === 'text' && info === 'output' && last) {
      last.output = (last.output ?? '') + body;
    } else if (language !== 'ts') {
      if (['typescript', 'js', 'javascript'].includes(language ?? ''))
        throw new Error(`${name}: a block is marked ${language}, expected ts`);
    } else if (info === 'continue' && last) {
      last.code += '\n'.repeat(line - last.code.split('\n').length + 1) + body;
    } else if (info === 'run') {
      examples.push({ name, code: `${'\n'.repeat(line)}${body}` });
    } else {
      throw new Error(
        `${name}: a ts block is marked "${info}", expected run, or continue after another block`,
      );
    }
  }
  return examples;
}

/** Where the module of an example is written. @param {Example} example @returns {string} */
export function moduleOf({ name }) {
  return join(root, 'test/generated', `${basename(name).replace('.md:', '-')}.ts`);
}

/** Writes all modules anew. @returns {Example[]} */
export function writeExamples() {
  const documents = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  const files = ['README.md', 'CONTRIBUTING.md', ...documents.map((file) => `docs/${file}`)];
  const examples = files.flatMap((file) =>
    examplesOf(file, readFileSync(join(root, file), 'utf8')),
  );
  rmSync(join(root, 'test/generated'), { recursive: true, force: true });
  mkdirSync(join(root, 'test/generated'), { recursive: true });
  for (const example of examples) {
    // Without an import or export it would share its names with all others.
    writeFileSync(moduleOf(example), `${example.code}\nexport {};\n`);
  }
  return examples;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeExamples();
