import { BaalError, StateError } from '@baal/core';
import { printable } from './terminal/printable.ts';

/** How the command ended. */
export const exitCodes = { ok: 0, failedCell: 1, badInput: 2, interrupted: 130 } as const;

/** The files of a run could not be written. */
class WriteError extends StateError {}

/** An error of the file system as one clear line, if it is one. */
export function asWriteError(error: unknown, what: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || error instanceof BaalError) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOSPC: 'no space left on the device',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'no permission',
    EPERM: 'no permission',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    EISDIR: 'there is a folder of that name',
  };
  const reason = reasons[code] ?? `error ${code}`;
  return new WriteError(
    `${path ?? what}: cannot write, expected to be able to, got ${reason}; what was written before is ` +
      'whole: make room or choose another --out, then run again with --resume',
    { cause: error },
  );
}

/** What the command says about an error: a line a complaint, or the stack as well. */
export function errorText(error: unknown, debug: boolean): string {
  return printable(textOf(error, debug));
}

function textOf(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `baal: ${String(error)}`;
  if (debug) return `baal: ${error.stack ?? error.message}${causeText(error)}`;
  if (error instanceof BaalError || error instanceof RangeError || error instanceof TypeError) {
    return error.message
      .split('\n')
      .map((line) => `baal: ${line}`)
      .join('\n');
  }
  return `baal: ${error.message.split('\n')[0]} (a defect of baal or of this machine; --debug shows where)`;
}

function causeText(error: Error): string {
  return error.cause instanceof Error ? `\ncaused by: ${error.cause.stack}` : '';
}
