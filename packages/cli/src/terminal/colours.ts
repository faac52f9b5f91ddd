/** Puts text in a colour, or leaves it. */
export type Paint = (colour: Colour, text: string) => string;

/** The colours that the terminal output uses; `series` ones tell curves apart. */
export type Colour =
  | 'series0'
  | 'series1'
  | 'series2'
  | 'series3'
  | 'series4'
  | 'dim'
  | 'bold'
  | 'red';

const codes: Readonly<Record<Colour, string>> = {
  series0: '34',
  series1: '33',
  series2: '32',
  series3: '35',
  series4: '36',
  dim: '2',
  bold: '1',
  red: '31',
};

/** Colours for a terminal, unless NO_COLOR is set; else plain text. */
export function painter(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const plain = !isTerminal || (environment.NO_COLOR ?? '') !== '';
  return plain ? (_, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** The colour of the i-th curve. */
export function seriesColour(index: number): Colour {
  return `series${index % 5}` as Colour;
}
