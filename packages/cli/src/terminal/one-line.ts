/** Characters that would move the cursor, colour the terminal or end the line. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}]/gu;

/** Text of a user on one line of a terminal: what is not printed is written as an escape, long text is cut. */
export function oneLine(text: string, longest = 60): string {
  const cut = text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
  return cut.replaceAll(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
