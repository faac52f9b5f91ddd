import { writeFileSync } from 'node:fs';
import { configJsonSchema } from './config-schema.ts';

/** The text of `schema/config.schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
}

/** Where the published schema lies. */
export const schemaFile: URL = new URL('../../schema/config.schema.json', import.meta.url);

/** Writes the published schema; run by `npm run schema -w baal` after a change of the config. */
export function writeSchema(): void {
  writeFileSync(schemaFile, schemaText());
}
