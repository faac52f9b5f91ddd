import type { RunComparison } from '../compare/run-comparison.ts';
import { comparisonLead, pairName, runTitle, settingText } from '../report/run-words.ts';
import { interval, listed, ofSeeds, percent, points, pText, savedText } from '../report/words.ts';
import type { Paint } from './colours.ts';
import { formatTable } from './table.ts';

/** A comparison of runs for a terminal: areas, labels saved, settings that differ. */
export function comparisonLines(comparison: RunComparison, paint: Paint): readonly string[] {
  const { runs, differences, settings } = comparison;
  const saved = differences.filter(({ paired }) => paired);
  const levels = runs[0]?.results.strategies[0]?.labelsTo.map(({ level }) => percent(level)) ?? [];
  return [
    paint('bold', `Area under the curves: ${runTitle(comparison)}`),
    ...formatTable(
      ['', 'area', 'other', 'difference', 'p', 'seeds'],
      differences.map((test) => [
        pairName(test, comparison),
        ...(test.areas?.map((area) => percent(area, 1)) ?? ['–', '–']),
        test.mean === null ? '–' : `${points(test.mean)}${interval(test, points)}`,
        pText(test.adjustedPValue),
        test.paired ? `${test.seeds[0]} paired` : `${test.seeds.join(' and ')}, unpaired`,
      ]),
    ),
    ...(saved.length === 0
      ? []
      : [
          '',
          paint('bold', `Labels that ${runs[0]?.label} saves`),
          ...formatTable(
            ['', ...levels],
            saved.map((test) => [
              pairName(test, comparison),
              ...test.saved.map((one) => savedText(one) + ofSeeds(one, test.seeds[0])),
            ]),
          ),
        ]),
    '',
    paint('bold', settings.length === 0 ? 'The runs have the same settings.' : 'What differs'),
    ...settings.map(({ path, values }) => {
      const each = values.map((value, i) => `${settingText(value)} (${runs[i]?.label})`);
      return `${path}: ${listed(each)}`;
    }),
    '',
    comparisonLead(comparison),
  ];
}
