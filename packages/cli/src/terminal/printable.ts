/** Longer lines say nothing more to a reader. */
const LONGEST = 4000;

/** Control characters, which a terminal would obey, ends of lines, and what turns the direction of writing. */
const commands = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Text of a file (a name in a model, an id in a table) as a terminal may show it: characters that it would obey
 * are written out; a very long line is cut in the middle. The ends of lines stay.
 */
export function printable(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const shown =
        line.length <= LONGEST
          ? line
          : `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 2)}`;
      return shown.replaceAll(commands, (found) => (found === '\t' ? found : writtenOut(found)));
    })
    .join('\n');
}

/** The same on one line, cut at its end. */
export function oneLine(text: string, longest = 60): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replaceAll(commands, writtenOut);
}

function writtenOut(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
