/** Longer lines say nothing more to a reader. */
const LONGEST = 4000;

/**
 * Text of a file (a name in a model, an id in a table) as a terminal may show it: control characters, which a
 * terminal would obey, and those that turn the direction of writing are written out; a very long line is cut in
 * the middle. The ends of lines stay.
 */
export function printable(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const shown =
        line.length <= LONGEST
          ? line
          : `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 2)}`;
      return shown.replace(/[^\P{Cc}\t]|[\u202a-\u202e\u2066-\u2069]/gu, writtenOut);
    })
    .join('\n');
}

function writtenOut(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
