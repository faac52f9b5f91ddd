/** Fields that stand for a value that is missing, in lower case. */
const missing: ReadonlySet<string> = new Set(['', 'na', 'n/a', 'nan', 'null', 'none', '?']);

/** Fields, as other programs write them, that stand for a value that is not finite. */
const infinite: ReadonlySet<string> = new Set(['inf', '+inf', '-inf']);

/** Whether a field stands for a value that is missing. */
export const isMissing = (field: string): boolean => missing.has(field.trim().toLowerCase());

/** Whether a field stands for a number, be it missing or infinite; any other is text. */
export const isValue = (field: string): boolean =>
  !Number.isNaN(Number(field)) || isMissing(field) || infinite.has(field.trim().toLowerCase());

/** Text of the file in a message of one line. */
export const shown = (text: string): string => text.slice(0, 40).replace(/\s+/g, ' ');
