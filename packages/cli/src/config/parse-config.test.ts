import { ConfigError } from '@baal/core';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from './config-schema.ts';
import type { KeySchema } from './known-keys.ts';
import { parseConfig } from './parse-config.ts';

const base = 'name: tiny\ndataset: { kind: mnist }\nmodel: { kind: mlp }\n';

function complaints(text: string): readonly string[] {
  try {
    parseConfig(text, 'tiny.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  throw new Error('the config was accepted');
}

describe('parseConfig', () => {
  it('fills in every default', () => {
    expect(parseConfig(base, 'tiny.yaml')).toMatchObject({
      name: 'tiny',
      model: { kind: 'mlp', hidden: [512, 512], dropout: 0.5 },
      bayesian: { kind: 'mc-dropout', masks: 'joint' },
      heuristics: ['bald', 'random'],
      initial: { size: 20, balanced: true },
      pool: { maxSamples: null },
      train: { optimizer: { kind: 'adamw', lr: 0.001, weightDecay: 0.01 }, until: null },
      seeds: [0, 1],
      stop: [],
    });
  });

  it('reads what changes the learning rate and bounds the gradients', () => {
    const { train } = parseConfig(
      `${base}train:
  optimizer: { kind: sgd, nesterov: true }
  schedule: [{ kind: warmUp, length: 20, unit: step }, { kind: cosine, length: 30 }]
  clipping: { norm: 1 }
`,
      'tiny.yaml',
    );
    expect(train).toMatchObject({
      optimizer: { kind: 'sgd', nesterov: true, momentum: 0.9 },
      schedule: [
        { kind: 'warmUp', length: 20, start: 1 / 3, unit: 'step' },
        { kind: 'cosine', length: 30, floor: 0, unit: 'epoch' },
      ],
      clipping: { norm: 1 },
    });
  });

  it('reads what is frozen, learns at another rate, and computes', () => {
    const config = parseConfig(
      `${base}provider: cuda
fallback: true
train:
  freeze: conv*
  learningRates: [{ parameters: [a*, b], factor: 0.1 }]
`,
      'tiny.yaml',
    );
    expect(config).toMatchObject({
      provider: 'cuda',
      fallback: true,
      train: { freeze: 'conv*', learningRates: [{ parameters: ['a*', 'b'], factor: 0.1 }] },
    });
    const plain = parseConfig(base, 'tiny.yaml');
    expect(Object.keys(plain)).not.toContain('provider');
    expect(Object.keys(plain)).not.toContain('fallback');
  });

  it('says nothing of the learning rate and the gradients where nothing is said', () => {
    for (const [optimizer, names] of [
      ['', ['kind', 'lr', 'weightDecay']],
      ['train: { optimizer: { kind: adam } }\n', ['kind', 'lr', 'weightDecay']],
      ['train: { optimizer: { kind: sgd } }\n', ['kind', 'lr', 'momentum', 'weightDecay']],
    ] as const) {
      const { train } = parseConfig(`${base}${optimizer}`, 'tiny.yaml');
      expect(Object.keys(train).sort()).toEqual(['batchSize', 'epochs', 'optimizer', 'until']);
      expect(Object.keys(train.optimizer)).toEqual(names);
    }
  });

  it('reads JSON too', () => {
    const json = JSON.stringify({
      name: 'j',
      dataset: { kind: 'mnist' },
      model: { kind: 'lenet' },
    });
    expect(parseConfig(json, 'j.json').model).toEqual({ kind: 'lenet' });
  });

  it.each([
    [
      'querysize: 3\n',
      'tiny.yaml:4: querysize: unknown key, expected one of name, dataset,',
      "got 'querysize'; did you mean 'querySize'?",
    ],
    ['train: { epoch: 3 }\n', 'tiny.yaml:4: train.epoch: unknown key', "did you mean 'epochs'?"],
    [
      'train:\n  optimizer:\n    kind: sgd\n    momentun: 0.9\n',
      'tiny.yaml:7: train.optimizer.momentun',
      "did you mean 'momentum'?",
    ],
    ['epochs: 3\n', 'tiny.yaml:4: epochs: unknown key', "did you mean 'train.epochs'?"],
    [
      'train: { until: { acuracy: 0.9 } }\n',
      'train.until.acuracy: unknown key',
      "did you mean 'accuracy'?",
    ],
    [
      'train: { until: { accuracy: 2 } }\n',
      'train.until.accuracy: out of range',
      'expected 1 or less, got 2',
    ],
    ['train: { until: 7 }\n', 'train.until: wrong type', 'got 7'],
    [
      'stop:\n  - kind: labelling-budget\n    budgett: 3\n',
      'stop[0].budgett: unknown key',
      "did you mean 'budget'?",
    ],
    [
      'stop: [{ kind: budget }]\n',
      'stop[0].kind: not known',
      'labelling-budget, low-average-uncertainty',
    ],
    [
      'train: { optimizer: { lr: 1 } }\n',
      'train.optimizer.kind: missing',
      'expected adamw, adam, sgd',
    ],
    [
      'train: { schedule: [{ kind: cosine, length: 0 }] }\n',
      'train.schedule[0].length: out of range',
      'expected 1 or more, got 0',
    ],
    [
      'train: { clipping: { norm: 0 } }\n',
      'train.clipping.norm: out of range',
      'more than 0, got 0',
    ],
    ['provider: gpu\n', 'provider: not known', 'cpu, webgpu, cuda, coreml, dml'],
    [
      'train: { learningRates: [{ parameters: a, factor: 0 }] }\n',
      'train.learningRates[0].factor: out of range',
      'more than 0, got 0',
    ],
    ['iterations: 0\n', 'tiny.yaml:4: iterations: out of range', 'expected 1 or more, got 0'],
    [
      'initial: { size: 0 }\n',
      'tiny.yaml:4: initial.size: out of range',
      'expected 1 or more, got 0',
    ],
    ['rounds: 1.5\n', 'rounds: wrong type', 'expected a whole number, got 1.5'],
    [
      'model: { kind: mlp, hidden: [9999999999] }\n',
      'model.hidden[0]: out of range',
      'expected 65536 or less, got 9999999999',
    ],
    [
      'dataset: { kind: idx, scale: .inf }\n',
      'dataset.scale: not finite',
      'expected a finite number, got Infinity',
    ],
    [
      'dataset: { kind: idx, mean: .nan }\n',
      'dataset.mean: not finite',
      'expected a finite number, got NaN',
    ],
    [
      'dataset: { kind: idx, train: &x { images: a, labels: b }, test: *x, scale: 0 }\n',
      'dataset.scale: not accepted',
      'expected any number but 0, which would make all inputs alike, got 0',
    ],
    [
      'stop: [{ kind: early-stopping, metric: acuracy }]\n',
      'stop[0].metric: not known, expected accuracy, brier, ece, loss, nll',
      "got 'acuracy'; did you mean 'accuracy'?",
    ],
    ['seeds: 3\n', 'seeds: wrong type', 'expected a list, got 3'],
    ['seeds: [1, 1]\n', 'seeds: not accepted', 'each seed once'],
    ['heuristics: []\n', 'heuristics: out of range', 'a list of 1 or more'],
    [
      'initial: { balanced: maybe }\n',
      'initial.balanced: wrong type',
      "true or false, got 'maybe'",
    ],
    [
      'train: { optimizer: { kind: adamw, lr: 0 } }\n',
      'train.optimizer.lr: out of range',
      'more than 0, got 0',
    ],
    ['querySize: many\n', 'querySize: wrong type', "expected a number or a list, got 'many'"],
    ['querySize: 1.5\n', 'querySize: wrong type', 'expected a whole number, got 1.5'],
    ['querySize: 0\n', 'querySize: out of range', 'expected 1 or more, got 0'],
    ['querySize: [5, 0]\nlabels: 90\n', 'querySize[1]: out of range', 'expected 1 or more, got 0'],
    [
      'querySize: [5, 5]\nlabels: 90\n',
      'querySize: not accepted',
      'each query size once, got [5,5]',
    ],
    ['querySize: []\nlabels: 90\n', 'querySize: out of range', 'a list of 1 or more, got []'],
    [
      'querySize: [5, 10]\nrounds: 3\n',
      'tiny.yaml:4: querySize: not accepted',
      'beside a list the key labels in place of rounds',
    ],
    [
      'labels: 300\nrounds: 3\n',
      'tiny.yaml:4: labels: not accepted',
      'either rounds or labels, not both',
    ],
    ['labels: 20\n', 'labels: not accepted', 'more than the initial.size = 20'],
    [
      'heuristics: [7]\n',
      'heuristics[0]: wrong type',
      'expected a name or keys with values, got 7',
    ],
    [
      'heuristics: [bald, bald]\n',
      'heuristics[1]: not accepted',
      "expected a label of its own: heuristics[0] and heuristics[1] are both called 'bald', got 'bald'",
    ],
    [
      'heuristics: [bald, { kind: entropy, label: Bald }]\n',
      'heuristics[1]: not accepted',
      'heuristics[0] and heuristics[1] are both called',
    ],
    [
      'heuristics:\n  - bald\n  - { kind: powerBal, temperature: 1 }\n',
      'tiny.yaml:6: heuristics[1].kind: not known',
      "got 'powerBal'; did you mean 'powerBald'?",
    ],
    [
      'heuristics: [{ kind: powerBald, temprature: 1 }]\n',
      'heuristics[0].temprature: unknown key, expected one of kind, temperature, reduction, label',
      "did you mean 'temperature'?",
    ],
    [
      'heuristics: [{ kind: powerBald, temperature: 0 }]\n',
      'heuristics[0].temperature: out of range',
      'expected more than 0, got 0',
    ],
    [
      'heuristics: [{ temperature: 1 }]\n',
      'heuristics[0].kind: missing',
      'expected badge, bald, batchBald',
    ],
    [
      'heuristics: [{ kind: powerSampling, base: { kind: variance, reducton: mean } }]\n',
      'heuristics[0].base.reducton: unknown key, expected one of kind, reduction, got',
      "did you mean 'reduction'?",
    ],
    [
      'heuristics: [{ kind: powerSampling, base: vriance }]\n',
      'heuristics[0].base: not known',
      "got 'vriance'; did you mean 'variance'?",
    ],
    [
      'heuristics: [{ kind: powerSampling, base: { kind: margin, label: mine } }]\n',
      'heuristics[0].base.label: unknown key',
      "got 'label'",
    ],
    [
      'heuristics: [subsample]\n',
      'heuristics[0]: not accepted',
      "expected the options that it cannot do without, { kind: subsample, size: … }, got 'subsample'",
    ],
    [
      'heuristics: [precomputed]\n',
      'heuristics[0]: not accepted',
      '{ kind: precomputed, file: …, direction: … }',
    ],
    [
      'heuristics: [{ kind: subsample }]\n',
      'heuristics[0].size: missing',
      'expected a number, got nothing',
    ],
    [
      'heuristics: [{ kind: combine, label: both, heuristics: [{ heuristic: bald, weight: 0 }] }]\n',
      'heuristics[0]: not accepted',
      'all 0, got [0]',
    ],
    [
      'heuristics: [{ kind: combine, label: both, heuristics: [{ heuristic: bald, weght: 1 }] }]\n',
      'heuristics[0].heuristics[0].weght: unknown key',
      "did you mean 'weight'?",
    ],
    [
      'heuristics: [{ kind: combine, heuristics: [{ heuristic: bald, weight: 1 }] }]\n',
      'heuristics[0]: not accepted',
      'expected a label beside options that are too many for a name, e.g. label: mine',
    ],
    [
      'heuristics: [{ kind: combine, label: x, heuristics: [{ heuristic: { kind: precomputed, file: s, direction: lowest }, weight: 1 }] }]\n',
      'heuristics[0]: not accepted',
      'no precomputed scores within combine',
    ],
    [
      'heuristics: [{ kind: bald, label: ../up }]\n',
      'heuristics[0].label: not accepted',
      'letters, digits, dots',
    ],
    [
      'heuristics: [{ kind: probCover, quantile: 1 }]\n',
      'heuristics[0].quantile: out of range',
      'less than 1, got 1',
    ],
    ['heuristics: [epig]\n', 'heuristics[0]: not accepted', "expected the key targets for 'epig'"],
    [
      'heuristics: [{ kind: subsample, size: 9, base: epig }]\n',
      'heuristics[0]: not accepted',
      'expected the key targets for',
    ],
    ['targets: { from: train }\n', 'targets.from: not known', "expected test, pool, got 'train'"],
    ['stopSet: { sise: 9 }\n', 'stopSet.sise: unknown key', "did you mean 'size'?"],
    [
      'stop: [{ kind: kappa-agrement }]\n',
      'stop[0].kind: not known',
      "did you mean 'kappa-agreement'?",
    ],
    [
      'stop: [{ kind: any-of, criteria: [{ kind: time-budget, second: 9 }] }]\n',
      'stop[0].criteria[0].second: unknown key',
      "did you mean 'seconds'?",
    ],
    ['stop: [{ kind: all-of, criteria: [] }]\n', 'stop[0].criteria: out of range', 'got []'],
    [
      'stop: [{ kind: metric-level, level: 0.9, direction: up }]\n',
      'stop[0].direction: not known',
      'expected atLeast, atMost',
    ],
  ])('says where, what, expected and got: %j', (text, start, end) => {
    const [key] = text.split(':');
    const others = base.split('\n').filter((line) => !line.startsWith(`${key}:`));
    const found = complaints(others.join('\n') + text);
    expect(
      found.some((line) => line.includes(start) && line.includes(end)),
      found.join('\n'),
    ).toBe(true);
  });

  it('names misspelt kinds', () => {
    const text = base.replace('mlp', 'dbal-cn');
    expect(complaints(text)).toEqual([
      "tiny.yaml:3: model.kind: not known, expected dbal-cnn, lenet, mlp, got 'dbal-cn'; did you mean 'dbal-cnn'?",
    ]);
  });

  it('tells all complaints at once, one a line, in the order of the file', () => {
    const found = complaints(`${base}rounds: 0\nquerySize: x\nfoo: 1\n`);
    expect(found.map((line) => line.split(':')[1])).toEqual(['4', '5', '6']);
  });

  it('gives the line of a YAML mistake', () => {
    expect(complaints('name: tiny\ndataset: { kind: mnist\nmodel: x\n')[0]).toMatch(
      /^tiny\.yaml:3:\d+: not YAML, /,
    );
    expect(complaints('name: a\nname: b\n')[0]).toMatch(/^tiny\.yaml:2:\d+: not YAML, map keys/);
  });

  it('refuses a second document in words for users', () => {
    expect(complaints(`${base}---\n${base}`)).toEqual([
      "tiny.yaml:4:1: more than one document, expected one experiment a file, got another one after '---'; put it into a file of its own",
    ]);
  });

  it('refuses an empty file and a list', () => {
    expect(complaints('')[0]).toMatch(/config: wrong type, expected keys with values, got null/);
    expect(complaints('[1]')[0]).toMatch(/config: wrong type/);
  });

  it('refuses a name that would leave the folder of runs', () => {
    expect(complaints(base.replace('tiny', '../etc'))[0]).toMatch(/name: not accepted/);
  });
});

describe('the published schema', () => {
  it('is current (npm run schema -w baal writes it)', async () => {
    const text = `${JSON.stringify(configJsonSchema(), null, 2)}
`;
    await expect(text).toMatchFileSnapshot('../../schema/config.schema.json');
  });

  it('describes every key', () => {
    const bare: string[] = [];
    const visit = (schema: KeySchema & { description?: string }, path: string): void => {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        if ((inner as { description?: string }).description === undefined)
          bare.push(`${path}.${key}`);
        visit(inner, `${path}.${key}`);
      }
      for (const inner of [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])]) visit(inner, path);
      if (schema.items !== undefined) visit(schema.items, `${path}[]`);
    };
    visit(configJsonSchema() as KeySchema, '');
    expect(bare).toEqual([]);
  });
});
