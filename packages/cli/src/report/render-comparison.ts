import type { RunComparison, RunDifference, Setting } from '../compare/run-comparison.ts';
import { strategiesOf } from '../config/strategy.ts';
import { testCells, testHeader } from './comparison-section.ts';
import { evidenceText } from './evidence.ts';
import { bandWords, enoughSeeds } from './figures/band.ts';
import type { CurveSeries } from './figures/curves.ts';
import { accuracyCurves, accuracySeries } from './figures/learning-curves.ts';
import { escapeHtml, htmlFigure, htmlPage, htmlReading, htmlTable } from './html.ts';
import { comparisonLead, pairName, runNames, runTitle, settingText } from './run-words.ts';
import { legend, runDashes, strategyLooks } from './strategy-colours.ts';
import { labelsTo, ofSeeds, percent, savedText } from './words.ts';

/** Several runs side by side as one HTML page that needs nothing else, as a report is. */
export function renderComparison(comparison: RunComparison): string {
  const { runs, settings } = comparison;
  const title = runTitle(comparison);
  const series = seriesOf(comparison);
  const versions = [...new Set(runs.flatMap(({ environment }) => Object.keys(environment)))].map(
    (path): Setting => ({ path, values: runs.map(({ environment }) => environment[path]) }),
  );
  return htmlPage(
    `${title} · comparison of runs`,
    `<header>
<p class="eyebrow">Comparison of ${runs.length} runs · ${escapeHtml(runs.map(({ directory }) => directory).join(', '))}</p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(comparisonLead(comparison))}</p>
</header>
${htmlFigure('Learning curves', `Colours are strategies, dashes are runs. The line is the mean over seeds; ${bands(comparison)}.`, legend(series) + accuracyCurves(series))}
${areasSection(comparison)}
${labelsSection(comparison)}
${htmlFigure('What differs', settings.length === 0 ? 'The runs have the same settings.' : 'Settings that not all of these runs share; a dash where a run has none.', settings.length === 0 ? '' : settingsTable(comparison, settings))}
${htmlFigure('Versions', 'What each run was made on.', settingsTable(comparison, versions))}`,
  );
}

/** Each strategy of each run. */
function seriesOf({ runs }: RunComparison): readonly CurveSeries[] {
  const all = runs.flatMap(({ results }) => strategiesOf(results.config));
  // What has one label has one colour; the first run says what it is called.
  const looks = strategyLooks(
    all.filter(({ label }, i) => all.findIndex((one) => one.label === label) === i),
  );
  return runs.flatMap(({ label, results }, i) =>
    looks
      .filter((look) => results.strategies.some((s) => s.heuristic === look.label))
      .map((look) => {
        const one = accuracySeries(results, look);
        return { ...one, name: `${one.name} · ${label}`, seeds: [], ...runDashes(i) };
      }),
  );
}

function bands({ runs, confidence }: RunComparison): string {
  const seeds = [...new Set(runs.map(({ results }) => results.config.seeds.length))];
  if (seeds.length === 1) return bandWords(seeds[0] as number, confidence);
  return `the band reaches from the lowest to the highest seed, and is the ${percent(confidence)} interval of the mean where there are ${enoughSeeds} seeds or more`;
}

function areasSection(comparison: RunComparison): string {
  const { differences, confidence } = comparison;
  const height = (value: number | undefined): string =>
    value === undefined ? '–' : percent(value, 1);
  const rows = differences.map((test) => [
    pairName(test, comparison),
    height(test.areas?.[0]),
    height(test.areas?.[1]),
    ...testCells(test, Math.min(...test.seeds), confidence),
  ]);
  return htmlFigure(
    'Area under the curves',
    `The mean height of the learning curves of the first run and of the other, over the numbers of labels at which all cells of both runs were evaluated. Differences are in percentage points, with their ${percent(confidence)} interval; p-values are two-sided, after Holm's correction for ${differences.length === 1 ? '1 test' : `${differences.length} tests`}.`,
    htmlTable(['', 'area', 'other', 'difference', ...testHeader], rows) +
      [...new Set(differences.map((test) => noteOf(test, differences.length, confidence)))]
        .map(htmlReading)
        .join(''),
  );
}

/** What a difference rests on. */
function noteOf(
  { paired, seeds, leftOut, labelled, run, against }: RunDifference,
  tests: number,
  confidence: number,
): string {
  const both = `${run} and ${against}`;
  if (labelled.length < 2) {
    return `${both} have no area to compare: they were evaluated at ${labelled.length} common numbers of labels, and nothing is interpolated.`;
  }
  const range = `${both}: from ${labelled[0]} to ${labelled.at(-1)} labels, at ${labelled.length} numbers of labels.`;
  const alone =
    leftOut === 0
      ? ''
      : ` ${leftOut === 1 ? '1 cell' : `${leftOut} cells`} without a partner of the same seed left out.`;
  return paired
    ? `${range}${alone} ${evidenceText(seeds[0], tests, confidence)}`
    : `${range} They share no seed (${seeds.join(' and ')}), so that means are compared (Welch's t-test) and only large differences show; run one of them with the seeds of the other.`;
}

function labelsSection(comparison: RunComparison): string {
  const { runs, differences } = comparison;
  const nameOf = runNames(comparison);
  const levels = runs[0]?.results.strategies[0]?.labelsTo.map(({ level }) => level) ?? [];
  const needed = runs.flatMap(({ label, results }) =>
    results.strategies.map((s) => [
      `${nameOf(s.heuristic)} · ${label}`,
      ...s.labelsTo.map(labelsTo),
    ]),
  );
  const saved = differences
    .filter(({ paired }) => paired)
    .map((test) => [
      `${pairName(test, comparison)}, saved`,
      ...test.saved.map((saved) => savedText(saved) + ofSeeds(saved, test.seeds[0])),
    ]);
  return htmlFigure(
    'Labels needed, labels saved',
    'Labels until the test accuracy is first reached, mean over seeds; "> n" where a seed ended at n labels without reaching it. Saved: how many fewer the first run needs than the other, seed by seed, where seeds are paired; "in 1 of 2" where only so many of them have both.',
    htmlTable(['', ...levels.map((level) => percent(level))], [...needed, ...saved]),
  );
}

function settingsTable({ runs }: RunComparison, settings: readonly Setting[]): string {
  const rows = settings.map(({ path, values }) => [path, ...values.map(settingText)]);
  return htmlTable(['', ...runs.map(({ label }) => label)], rows);
}
