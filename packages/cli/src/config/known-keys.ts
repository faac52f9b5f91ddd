/** The part of a JSON Schema that says which keys there are. */
export interface KeySchema {
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly items?: KeySchema;
  readonly oneOf?: readonly KeySchema[];
  readonly anyOf?: readonly KeySchema[];
  readonly const?: unknown;
  /** A part that is used in several places, `#/$defs/name`. */
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, KeySchema>>;
}

/**
 * The keys that an object at `path` may have. Where a schema offers variants by `kind`, the variant
 * that `value` (the whole document) names there counts, or all of them if it names none.
 */
export function keysAt(
  schema: KeySchema,
  path: readonly PropertyKey[],
  value: unknown,
): readonly string[] {
  const variants = (part: KeySchema, here: unknown): readonly KeySchema[] =>
    variantsOf(part, here, schema.$defs ?? {});
  let schemas = variants(schema, value);
  let here = value;
  for (const step of path) {
    here = (here as Record<PropertyKey, unknown> | undefined)?.[step];
    const inside = schemas.map((s) =>
      typeof step === 'number' ? s.items : s.properties?.[String(step)],
    );
    schemas = inside.filter((s) => s !== undefined).flatMap((s) => variants(s, here));
  }
  return [...new Set(schemas.flatMap((s) => Object.keys(s.properties ?? {})))];
}

/** Every path at which a key of this name exists, as text, e.g. `train.epochs`. */
export function pathsOf(schema: KeySchema, name: string, at = ''): readonly string[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = at === '' ? key : `${at}.${key}`;
    return [...(key === name ? [path] : []), ...pathsOf(inner, name, path)];
  });
  const inside = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap((variant) =>
    pathsOf(variant, name, at),
  );
  const items = schema.items === undefined ? [] : pathsOf(schema.items, name, `${at}[]`);
  return [...new Set([...below, ...inside, ...items])];
}

function variantsOf(
  schema: KeySchema,
  value: unknown,
  parts: Readonly<Record<string, KeySchema>>,
): readonly KeySchema[] {
  const part = parts[schema.$ref?.split('/').at(-1) ?? ''];
  if (part !== undefined) return variantsOf(part, value, parts);
  const all = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (all.length === 0) return [schema];
  const kind = (value as { readonly kind?: unknown } | undefined | null)?.kind;
  const named = all.filter((s) => kind !== undefined && s.properties?.kind?.const === kind);
  return (named.length > 0 ? named : all).flatMap((s) => variantsOf(s, value, parts));
}
