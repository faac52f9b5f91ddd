import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@baal/core';
import { float32Tensor, GraphBuilder, mlp, writeOnnx } from '@baal/onnx';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { baal } from '../src/program.ts';
import type { Frame } from '../src/terminal/live-screen.ts';
import { testContext } from './in-process.ts';
import { score } from './score-in-process.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
const N = 4500; // runs of 1024 rows: four whole ones and a rest
const rng = createRng('resume');
const values = Array.from({ length: 3 * N }, () => Math.fround(rng.normal()));

/** Rows with ids that need quotes, some without a value, some without a class. */
const lines = Array.from({ length: N }, (_, i) => {
  const [a, b, c] = values.slice(3 * i, 3 * i + 3);
  const id = i % 7 === 0 ? `" item\n""${i}"", é"` : `item-${i}`;
  return [id, i % 500 === 9 ? '' : a, b, c, i % 3 === 0 ? '' : i % 4].join(',');
});
const network = (name: string) =>
  writeOnnx(
    mlp({ inputShape: [3], classes: 4, hidden: [8], dropout: 0.5, rng: createRng(name) }).graph,
  );

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baal-resume-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true });
  writeFileSync(at('model.onnx'), network('one'));
  writeFileSync(at('pool.csv'), ['name,a,b,c,class', ...lines, ''].join('\n'));
});

const args = (...more: readonly string[]): string[] => [
  ...[at('model.onnx'), at('pool.csv'), '--id', 'name', '--label', 'class', '--kind', 'logits'],
  ...['--masks', 'marginal', '--out', at('scores.csv'), ...more],
];

/** Runs the command and stops it once it has told of its progress so many times. */
const interrupted = (after: number, ...more: readonly string[]) =>
  interruptedCommand(after, args(...more));

async function interruptedCommand(after: number, command: readonly string[]) {
  let told = 0;
  const frame: Frame = {
    draw: () => {
      if (++told === after) context.stop.abort(new Error('SIGINT'));
    },
    persist: () => undefined,
    done: () => undefined,
  };
  const context = testContext({
    terminal: { isTerminal: true, width: 80, line: () => undefined },
    makeFrame: () => frame,
  });
  const code = await baal(['score', ...command], context);
  return { code, complaints: context.complaints };
}
const left = (): string[] => readdirSync(folder).filter((name) => name.startsWith('scores'));

/** The file and the words of a run that nothing interrupts. */
async function uninterrupted(...more: readonly string[]) {
  const { code, output } = await score(...args(...more));
  expect(code).toBe(0);
  const file = readFileSync(at('scores.csv'), 'utf8');
  rmSync(at('scores.csv'));
  return { file, output };
}

describe('baal score, interrupted', () => {
  it('goes on where it was, with the file and the words of a run that was not', async () => {
    const expected = await uninterrupted('--json', '--top', '9');
    expect(await interrupted(2)).toEqual({
      code: 130,
      complaints: ['baal: interrupted after 2048 rows; the same command goes on there'],
    });
    expect(left()).toEqual(['scores.csv.journal', 'scores.csv.part']);
    expect((await interrupted(1)).complaints.at(-1)).toContain('interrupted after 3072 rows');
    // What is shown may be asked for in another way.
    const { code, output, complaints } = await score(...args('--json', '--top', '9'));
    expect([code, complaints]).toEqual([
      0,
      [`baal: going on after 3072 rows of ${at('scores.csv')}`],
    ]);
    expect(output).toBe(expected.output);
    expect(readFileSync(at('scores.csv'), 'utf8')).toBe(expected.file);
    expect(left()).toEqual(['scores.csv']);
  });

  it('drops what its journal does not vouch for, as a killed process leaves it', async () => {
    const { file } = await uninterrupted();
    const torn: readonly (() => void)[] = [
      () => appendFileSync(at('scores.csv.part'), '3072,"item'),
      () => appendFileSync(at('scores.csv.journal'), '{"rows":4096,"by'),
      () => appendFileSync(at('scores.csv.journal'), '{"rows":4096,"bytes":1e9,"crc32":1}\n'),
      () => appendFileSync(at('scores.csv.journal'), 'null\n'),
      () => appendFileSync(at('scores.csv.journal'), '{"rows":4096,"bytes":"9","crc32":1}\n'),
      () => truncateSync(at('scores.csv.part'), readFileSync(at('scores.csv.part')).length - 5),
      () => {
        const part = readFileSync(at('scores.csv.part'));
        writeFileSync(at('scores.csv.part'), part.fill(0, part.length - 9));
      },
      () => truncateSync(at('scores.csv.part'), 0),
      () => rmSync(at('scores.csv.part')),
      () => rmSync(at('scores.csv.journal')),
      () => truncateSync(at('scores.csv.journal'), 20),
    ];
    const goneOn: string[] = [];
    for (const tear of torn) {
      expect((await interrupted(3)).code).toBe(130);
      tear();
      const { code, complaints } = await score(...args());
      expect(code).toBe(0);
      goneOn.push(/after (\d+) rows/.exec(complaints.join())?.[1] ?? '0');
      expect(readFileSync(at('scores.csv'), 'utf8')).toBe(file);
      expect(left()).toEqual(['scores.csv']);
      rmSync(at('scores.csv'));
    }
    expect(goneOn).toEqual([...Array(5).fill('3072'), '2048', '2048', '0', '0', '0', '0']);
  });

  it('refuses to go on with other work, and says what differs', async () => {
    await interrupted(1);
    const before = readFileSync(at('scores.csv.part'), 'utf8');
    const refusal = async (...more: readonly string[]): Promise<string> => {
      const { code, complaints } = await score(...args(...more));
      expect(code).toBe(2);
      expect(readFileSync(at('scores.csv.part'), 'utf8')).toBe(before);
      return complaints.join('\n');
    };
    const remedy = `remove ${at('scores.csv.journal')} to begin anew, or choose another --out`;
    const seed = await refusal('--seed', '1');
    expect(seed).toContain('got other ones: --seed was 0 and is 1; ');
    expect(seed).toContain(remedy);
    expect(await refusal('--scale', '2', '--columns', 'a-c')).toContain(
      '--scale was 1 and is 2; --columns was not given and is ["a-c"];',
    );
    writeFileSync(at('model.onnx'), network('two'));
    expect(await refusal()).toContain('got other ones: MODEL has changed; ');
    writeFileSync(at('model.onnx'), network('one'));
    appendFileSync(at('pool.csv'), 'last,1,2,3,0\n');
    expect(await refusal()).toContain('DATA (file) has changed; ');
    rmSync(at('scores.csv.journal'));
    expect((await score(...args())).code).toBe(0);
  });

  it('refuses to go on with another provider than the one that computed', async () => {
    // A device that has come back, or gone: the options are the same.
    await interrupted(1, '--provider', 'dml', '--fallback');
    const journal = readFileSync(at('scores.csv.journal'), 'utf8');
    expect(journal).toContain('"what computes":"cpu"');
    writeFileSync(
      at('scores.csv.journal'),
      journal.replace('"what computes":"cpu"', '"what computes":"dml"'),
    );
    const { code, complaints } = await score(...args('--provider', 'dml', '--fallback'));
    expect([code, complaints.join()]).toEqual([
      2,
      expect.stringContaining('what computes was "dml" and is "cpu"'),
    ]);
  });

  it('begins anew where the list of a journal is gone, whatever its work was', async () => {
    await interrupted(1);
    rmSync(at('scores.csv.part'));
    const { code, complaints } = await score(...args('--seed', '1'));
    expect([code, complaints]).toEqual([0, []]);
    expect(left()).toEqual(['scores.csv']);
  });

  it('leaves nothing of data that have to be mended', async () => {
    const bad = ['name,a,b,c,class', ...lines, 'last,1,text,3,0'].join('\n');
    writeFileSync(at('pool.csv'), bad);
    const { code, complaints } = await score(...args());
    expect([code, complaints[0]]).toEqual([2, expect.stringContaining("holds 'text'")]);
    expect(left()).toEqual([]);
  });

  it('keeps what is done when the model cannot be run, as without memory', async () => {
    // What the runtime refuses stands for all that it may throw: nothing tells them apart.
    const g = new GraphBuilder();
    const ids = g.input({ name: 'ids', type: 'int64', shape: ['batch', 2] });
    g.output(g.op('Gather', [g.initializer('table', float32Tensor([1, 2, 3, 4], [4])), ids]));
    writeFileSync(at('lookup.onnx'), writeOnnx(g.build()));
    const rows = (last: number): string =>
      Array.from({ length: 2100 }, (_, i) => `${i === 2099 ? last : i % 4},0`).join('\n');
    writeFileSync(at('ids.csv'), rows(99));
    const { code, complaints } = await score(
      ...[at('lookup.onnx'), at('ids.csv'), '--kind', 'logits', '--heuristic', 'entropy'],
      ...['--no-header', '--out', at('scores.csv')],
    );
    expect([code, complaints]).toEqual([
      2,
      [expect.stringMatching(/cannot be run on rows 2048 to 2099.*the same command goes on$/)],
    ]);
    expect(left()).toEqual(['scores.csv.journal', 'scores.csv.part']);
    expect(readFileSync(at('scores.csv.part'), 'utf8').split('\n')).toHaveLength(2050);
  });

  it('goes on in the folder of the images themselves, and sees what changes there', async () => {
    mkdirSync(at('images'));
    // What is no image costs no decoding; a link to nothing is such a row too.
    for (let i = 0; i < 1100; i++) writeFileSync(at(`images/${i}.png`), 'none');
    symlinkSync(at('nothing'), at('images/link.png'));
    const out = at('images/scores.csv');
    const command = [at('model.onnx'), at('images'), '--shape', '1x1x3', '--kind', 'logits'];
    command.push('--out', out);
    expect((await interruptedCommand(1, command)).complaints).toEqual([
      'baal: interrupted after 1024 of 1101 rows; the same command goes on there',
    ]);
    writeFileSync(at('images/7.png'), 'changed');
    expect((await score(...command)).complaints.join()).toContain('DATA (folder) has changed;');
    rmSync(`${out}.journal`);
    await interruptedCommand(1, command);
    const { code, complaints } = await score(...command);
    expect([code, complaints]).toEqual([0, [`baal: going on after 1024 of 1101 rows of ${out}`]]);
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(1103);
  });

  it('refuses a file that another process writes', async () => {
    await interrupted(1);
    writeFileSync(
      at('scores.csv.lock'),
      JSON.stringify({ pid: 1, start: null, host: 'elsewhere' }),
    );
    const { code, complaints } = await score(...args());
    expect(code).toBe(2);
    expect(complaints[0]).toMatch(
      /the file of scores is in use.*process 1 of the machine 'elsewhere'.*choose another --out$/,
    );
    expect(existsSync(at('scores.csv.part'))).toBe(true);
  });
});

describe('a row by itself', () => {
  const scoresOfRows = async (name: string, masks: string): Promise<Map<string, string>> => {
    writeFileSync(at('table.csv'), name);
    const { code } = await score(
      ...[at('model.onnx'), at('table.csv'), '--id', 'name', '--kind', 'logits'],
      ...['--masks', masks, '--out', at('rows.csv')],
    );
    expect(code).toBe(0);
    const rows = readFileSync(at('rows.csv'), 'utf8').trimEnd().split('\n').slice(1);
    return new Map(rows.map((row) => [row.split(',')[1] as string, row.split(',')[2] as string]));
  };

  it.each(['joint', 'marginal'])(
    'that cannot be scored changes nothing of the others, %s masks',
    async (masks) => {
      const table = (broken: (i: number) => boolean): string =>
        [
          'name,a,b,c',
          ...Array.from({ length: 1500 }, (_, i) => {
            const [a, b, c] = values.slice(3 * i, 3 * i + 3);
            return [`r${i}`, broken(i) ? 'NaN' : a, b, c].join(',');
          }),
        ].join('\n');
      const whole = await scoresOfRows(
        table(() => false),
        masks,
      );
      const broken = (i: number): boolean => i % 5 === 0 || (i > 1030 && i < 1400);
      const some = await scoresOfRows(table(broken), masks);
      for (let i = 0; i < 1500; i++) {
        expect(some.get(`r${i}`)).toBe(broken(i) ? '' : whole.get(`r${i}`));
      }
    },
  );

  it('has a mask of its own number where masks are marginal', async () => {
    const rows = Array.from({ length: 1100 }, (_, i) => `r${i},0.5,-1,2`);
    const table = ['name,a,b,c', ...rows].join('\n');
    expect(new Set((await scoresOfRows(table, 'joint')).values()).size).toBe(1);
    // Also between rows at the same place of different chunks.
    const marginal = await scoresOfRows(table, 'marginal');
    for (const i of [0, 1, 2, 3]) {
      expect(marginal.get(`r${i}`)).not.toBe(marginal.get(`r${1024 + i}`));
    }
  });

  it('may be all that there is, though it cannot be scored', async () => {
    expect([...(await scoresOfRows('name,a,b,c\nx,1,,2\n', 'joint'))]).toEqual([['x', '']]);
  });
});
