/**
 * Seconds that a cell still needs, guessed from those that its rounds took: rounds grow as labels are
 * added, so the last few count. Undefined before the first round of this run has ended.
 */
export function timeLeft(seconds: readonly number[], roundsLeft: number): number | undefined {
  const recent = seconds.slice(-3);
  if (recent.length === 0) return undefined;
  return (recent.reduce((a, b) => a + b, 0) / recent.length) * roundsLeft;
}
