import type { ScoredRow } from './score-rows.ts';

/** First line of a file of scores. */
export const scoresHeader = 'row,id,score,prediction,confidence,label,deterministic,note\n';

/** A row as a line of a file of scores: numbers with all their digits, nothing where there is nothing. */
export function toLine(row: ScoredRow): string {
  const { score, prediction, confidence, label, deterministic } = row;
  const numbers = `${score ?? ''},${prediction ?? ''},${confidence ?? ''},${label ?? ''},${deterministic ?? ''}`;
  return `${row.row},${quoted(row.id)},${numbers},${quoted(row.reason ?? '')}\n`;
}

/** The row of a line: what {@link toLine} was given. */
export function fromFields(fields: readonly string[]): ScoredRow {
  const [row, id = '', score, prediction, confidence, label, deterministic, reason] = fields;
  return {
    row: Number(row),
    id,
    score: score === '' ? null : Number(score),
    ...(reason === '' ? {} : { reason }),
    ...number('prediction', prediction),
    ...number('confidence', confidence),
    ...number('label', label),
    ...number('deterministic', deterministic),
  } as ScoredRow;
}

const number = (name: string, text: string | undefined): object =>
  text === '' ? {} : { [name]: Number(text) };

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
