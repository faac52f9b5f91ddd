import { DataError } from '@baal/core';

/**
 * Reads a part of a file that stands beside a model: `length` bytes from `offset`. The location is what
 * the model says, so it is not to be trusted: a relative path with `/`, in the model's own folder.
 */
export type ExternalDataReader = (location: string, offset: number, length: number) => Uint8Array;

/**
 * The location of external data as a path inside the model's folder.
 *
 * @throws DataError for an absolute path, a drive or URL, a path with `..`, or an empty one.
 */
export function safeLocation(location: string, where: string): string {
  const parts = location.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  const absolute = /^[/\\]|^[A-Za-z][A-Za-z0-9+.-]*:/.test(location);
  // The control character 0 would end the path for the operating system, but not for this check.
  if (absolute || parts.length === 0 || parts.includes('..') || location.includes('\0')) {
    throw new DataError(
      `${where} keeps its data in "${location}", expected a file in the model's own folder; do not trust this model, or save it again with its weights beside it`,
    );
  }
  return parts.join('/');
}

/** A pair of texts in an .onnx file. Said here: the types of the package that reads the file are not for our users. */
interface TextEntry {
  readonly key?: string | null;
  readonly value?: string | null;
}

/** The bytes of a tensor that stand in another file. */
export function readExternal(
  entries: readonly TextEntry[],
  bytes: number,
  reader: ExternalDataReader | undefined,
  where: string,
): Uint8Array {
  const fields = new Map(entries.map(({ key, value }) => [key ?? '', value ?? '']));
  const location = safeLocation(fields.get('location') ?? '', where);
  const offset = Number(fields.get('offset') ?? 0);
  const length = Number(fields.get('length') ?? bytes);
  if (!Number.isSafeInteger(offset) || offset < 0 || length !== bytes) {
    throw new DataError(
      `${where} is said to be ${fields.get('length')} bytes at offset ${fields.get('offset') ?? 0} of "${location}", expected ${bytes} bytes at an offset of 0 or more`,
    );
  }
  if (reader === undefined) {
    throw new DataError(
      `${where} keeps its data in another file, "${location}", expected the option externalData, which reads it; in Node.js use readOnnxFile of @baal/onnx/node`,
    );
  }
  const data = reader(location, offset, bytes);
  if (data.length !== bytes) {
    throw new DataError(
      `${where} needs ${bytes} bytes at offset ${offset} of "${location}", got ${data.length}; the file is truncated or belongs to another model`,
    );
  }
  return data;
}
