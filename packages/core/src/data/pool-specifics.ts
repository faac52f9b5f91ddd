import { ConfigError } from '../errors.ts';
import type { Dataset } from './dataset.ts';

/**
 * The wrapped dataset as the pool sees it: with some of its settings changed, the dataset itself
 * untouched and its items shared.
 *
 * A dataset that offers `with(overrides)` makes its own view. Otherwise the view is an object whose
 * prototype is the dataset and whose own fields are the overrides: what the dataset changes later
 * shows through, unless it is overridden. That way cannot reach `#private` state; a dataset that
 * has any needs `with`.
 *
 * @throws ConfigError if a name is no own field of the dataset, or the dataset cannot be viewed.
 */
export function withPoolSpecifics<T>(
  dataset: Dataset<T>,
  specifics: Readonly<Record<string, unknown>> | undefined,
): Dataset<T> {
  if (specifics === undefined || Object.keys(specifics).length === 0) return dataset;
  if (dataset.with !== undefined) return dataset.with(specifics);
  const fields: PropertyDescriptorMap = {};
  for (const [name, value] of Object.entries(specifics)) {
    if (!Object.hasOwn(dataset, name)) {
      const known = Object.keys(dataset).map((field) => `'${field}'`);
      throw new ConfigError(
        `poolSpecifics: unknown name, expected a field of the dataset (${known.join(', ') || 'it has none'}), got '${name}'; a dataset may offer with(overrides) instead`,
      );
    }
    fields[name] = { value, writable: true, enumerable: true, configurable: true };
  }
  const view: Dataset<T> = Object.create(dataset, fields);
  try {
    void view.length;
  } catch (cause) {
    throw new ConfigError(
      'poolSpecifics: the dataset cannot be viewed with other fields (it has #private state), expected it to offer with(overrides)',
      { cause },
    );
  }
  return view;
}
