import type { CellProgress } from '../cell/messages.ts';

/** `1:05`, `12:00`, `2 h 03`; a dash if unknown. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))}`;
  return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
}

/** `train 60%`. */
export function phaseText(progress: CellProgress | undefined): string {
  if (progress === undefined) return '';
  const words = { train: 'train', predict: 'score', evaluate: 'evaluate' } as const;
  const share = progress.share === undefined ? '' : ` ${Math.round(100 * progress.share)}%`;
  return `${words[progress.phase]}${share}`;
}

/** A share in percent with one digit; a dash if it is not a number. */
export function percentText(share: unknown): string {
  return typeof share === 'number' ? `${(100 * share).toFixed(1)}%` : '–';
}
