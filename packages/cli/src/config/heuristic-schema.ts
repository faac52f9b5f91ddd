import {
  type GetHeuristicOptions,
  HEURISTIC_NAMES,
  heuristicOptions,
  REDUCTION_NAMES,
  SCALES,
} from '@baal/core';
import { z } from 'zod';
import type { HeuristicChoice, HeuristicEntry } from './heuristic-config.ts';
import { atLeast, notNegative, positive } from './schema-parts.ts';

const share = () => positive().max(1);

/**
 * Every option of every heuristic; which of them one takes is what core says. Made anew for each place,
 * so that it stands there in the published schema.
 */
const optionSchemas = (): Readonly<Record<keyof GetHeuristicOptions, z.ZodType>> => ({
  reduction: z
    .enum(REDUCTION_NAMES)
    .describe('How the scores of the positions of an item become one.'),
  temperature: positive().describe('Low: close to the best items. High: close to random.'),
  base: z.lazy(() => choiceSchema).describe('The heuristic below; bald if left out.'),
  first: z.lazy(() => choiceSchema).describe('The heuristic that begins; typiClust if left out.'),
  until: z
    .strictObject({
      labels: atLeast(1).optional().describe('So many items are labelled.'),
      confidence: share()
        .optional()
        .describe(
          'The model gives the likeliest class of an item so much, on average of the pool.',
        ),
    })
    .refine(({ labels, confidence }) => labels !== undefined || confidence !== undefined, {
      error: 'labels, confidence or both',
    })
    .describe('When the base takes over: as soon as one of these holds.'),
  neighbors: atLeast(1).describe('Neighbours that say how typical an item is; 20 if left out.'),
  maxClusters: atLeast(1).describe('Most clusters; 500 if left out.'),
  radius: positive().describe('Radius of the balls that cover, in the units of the features.'),
  quantile: positive()
    .lt(1)
    .describe('The radius as a quantile of the distances; 0.05 if no rule is given for it.'),
  classes: atLeast(2).describe(
    'Number of classes: the radius is the largest at which balls are pure.',
  ),
  purity: share().describe('Share of the balls that must be pure; 0.95 if left out.'),
  noise: positive().describe('Variance of the noise of a label; 0.001 if left out.'),
  size: atLeast(1).describe('Number of items that are scored.'),
  batchSize: atLeast(1).describe('Items chosen jointly; the query size if left out.'),
  maxConfigurations: atLeast(1).describe(
    'Configurations of the labels of a batch that are enumerated; 10000 if left out.',
  ),
  samples: atLeast(2).describe('Configurations that are sampled where there are more.'),
  targetClassWeights: z
    .array(notNegative())
    .min(1)
    .describe('How often each class is to occur among the targets; as it does if left out.'),
  direction: z.enum(['highest', 'lowest']).describe('Which scores to label first.'),
  heuristics: z
    .array(
      z.strictObject({
        heuristic: z.lazy(() => choiceSchema).describe('A name, or kind and options.'),
        weight: notNegative().describe('Its share; the weights are divided by their sum.'),
      }),
    )
    .min(1)
    .describe('The heuristics and their weights.'),
  scale: z.enum(SCALES).describe('What makes the scores comparable; none if left out.'),
});

const file = z
  .string()
  .min(1)
  .describe('Text file with one score a line for each training item; relative to the config file.');

const labelSchema = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dots, dashes and underscores')
  .optional()
  .describe('Name in folders, tables and plots; made of kind and options if left out.');

/** The variants by kind, each with its own options, and `more`. */
function variants(more: z.ZodRawShape): z.ZodType {
  const schemas = optionSchemas();
  const objects = HEURISTIC_NAMES.map((kind) => {
    const { options, required } = heuristicOptions(kind);
    const own = options.map((name) => {
      const schema = schemas[name];
      return [name, required.includes(name) ? schema : schema.optional()] as const;
    });
    return z.strictObject({
      kind: z.literal(kind).describe('Name of the heuristic.'),
      ...(kind === 'precomputed' ? { file } : {}),
      ...Object.fromEntries(own),
      ...more,
    });
  });
  return z.discriminatedUnion('kind', objects as unknown as [z.ZodObject, ...z.ZodObject[]]);
}

/** Names that say all there is to say. */
const name = z
  .enum(HEURISTIC_NAMES as [string, ...string[]])
  .refine((kind) => !HEURISTIC_NAMES.includes(kind) || requiredOf(kind).length === 0, {
    error: ({ input }) =>
      `the options that it cannot do without, { kind: ${input}, ${requiredOf(String(input)).join(': …, ')}: … }`,
  });

function requiredOf(kind: string): readonly string[] {
  return [...(kind === 'precomputed' ? ['file'] : []), ...heuristicOptions(kind).required];
}

/** Schema of a heuristic within another one. */
const choiceSchema: z.ZodType<HeuristicChoice> = z
  .union([name, variants({})])
  .meta({ id: 'heuristic' }) as z.ZodType<HeuristicChoice>;

/** Schema of one entry of the key `heuristics`. */
export const heuristicSchema: z.ZodType<HeuristicEntry> = z.union([
  name,
  variants({ label: labelSchema }),
]) as z.ZodType<HeuristicEntry>;
