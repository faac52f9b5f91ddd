// Prints the figures that docs/faq.md and docs/calibration.md quote: npm run faq-figures, or
// node scripts/faq-figures.mjs SECTION … for some of them. Minutes; the same numbers again on one CPU.
import { averaging } from './faq/averaging.mjs';
import { calibrating } from './faq/calibrating.mjs';
import { habits, queries } from './faq/habits.mjs';
import { FULL } from './faq/study.mjs';

/** @type {Readonly<Record<string, (scale: import('./faq/study.mjs').Scale) => Promise<string>>>} */
const SECTIONS = { averaging, calibrating, habits, queries };

const named = process.argv.slice(2);
const unknown = named.find((name) => !(name in SECTIONS));
if (unknown !== undefined) {
  console.error(
    `faq-figures: no section "${unknown}", expected some of ${Object.keys(SECTIONS).join(', ')}`,
  );
  process.exit(2);
}
for (const [name, section] of Object.entries(SECTIONS)) {
  if (named.length > 0 && !named.includes(name)) continue;
  console.log(`### ${name}\n\n${await section(FULL)}\n`);
}
