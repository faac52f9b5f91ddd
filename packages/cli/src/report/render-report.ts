import { stringify } from 'yaml';
import { strategiesOf } from '../config/strategy.ts';
import type { Environment } from '../run/environment.ts';
import type { Results, StrategyResult } from '../run/results.ts';
import { comparisonSection } from './comparison-section.ts';
import { evidenceLine } from './evidence.ts';
import { bandWords } from './figures/band.ts';
import { classBalance } from './figures/class-balance.ts';
import { calibrationCurves, learningCurves } from './figures/learning-curves.ts';
import { reliabilityDiagrams } from './figures/reliability-diagram.ts';
import { headline } from './headline.ts';
import { escapeHtml, htmlFigure, htmlPage, htmlTable } from './html.ts';
import { legend, type StrategyLook, strategyLooks } from './strategy-colours.ts';
import { strategyNames } from './strategy-names.ts';
import { factorText, labelsTo, ofSeeds, percent, savedText } from './words.ts';

/**
 * An experiment as one HTML page that needs nothing else: figures are inline SVG, the style sheet is in
 * the page, and it asks no other machine for anything.
 */
export function renderReport(results: Results, environment: Environment): string {
  const { config } = results;
  const looks = strategyLooks(strategiesOf(config));
  const key = legend(looks);
  const band = bandWords(config.seeds.length, results.confidence);
  return htmlPage(
    `${config.name} · active learning report`,
    `<header>
<p class="eyebrow">Active learning report · ${escapeHtml(describeRun(results))}</p>
<h1>${escapeHtml(config.name)}</h1>
<p class="lead">${escapeHtml(`${headline(results)} ${evidenceLine(results)}`.trim())}</p>
<div class="cards">${looks.map((look) => card(look, results)).join('')}</div>
</header>
${notes(results)}
${htmlFigure('Learning curves', `Higher and further left is better: the same accuracy with fewer labels. The thick line is the mean; ${band}. Each thin line is one seed.`, key + learningCurves(results, looks))}
${htmlFigure('Labels needed, labels saved', `Labels until the test accuracy is first reached, mean over seeds; "> n" where a seed ended at n labels without reaching it. Saved against Random with the same seed, with its ${percent(results.confidence)} interval in brackets; more is better. Where a seed lacks one of the two, "in 1 of 2" says how many have both. The data-saving factor says how many times as many labels Random needs: 2 is half the labels.`, levelsTable(results))}
${comparisonSection(results, looks)}
${htmlFigure('Reliability', 'After the last round: on the dashed line, a model that says 80% is right in 80% of cases. Below it, the model is too sure of itself. The bigger a dot, the more test items are in its bin.', reliabilityDiagrams(results, looks))}
${htmlFigure('Calibration by round', 'The mean gap between confidence and accuracy on the test set, as labels are added: mean and band as above; lower is better.', key + calibrationCurves(results, looks))}
${htmlFigure('What was acquired', 'The share of each class among the items that a strategy chose to label (the initial ones not counted). The dashed line is an equal share.', key + classBalance(results, looks))}
<section><div class="pair"><div><h2>Configuration</h2><pre>${escapeHtml(stringify(config, { lineWidth: 90, flowCollectionPadding: true }))}</pre></div>
<div><h2>Versions</h2><dl>${versions(environment)}</dl></div></div></section>`,
  );
}

function describeRun(results: Results): string {
  const { config, cells } = results;
  const done = cells.filter((cell) => cell.status === 'finished').length;
  return `${config.model.kind} on ${config.dataset.kind}, ${done} of ${cells.length} cells finished`;
}

function card(look: StrategyLook, results: Results): string {
  const strategy = results.strategies.find((s) => s.heuristic === look.label);
  const last = strategy?.accuracy.at(-1);
  const figure = last === undefined ? '–' : percent(last.mean, 1);
  const text =
    last === undefined ? 'no round finished' : `${look.name}, with ${last.labelled} labels`;
  return `<div class="card"><b style="color:${look.colour}">${figure}</b><span>${escapeHtml(text)}</span></div>`;
}

function notes(results: Results): string {
  const lines = results.cells
    .filter((cell) => cell.status !== 'finished' || cell.stop !== undefined)
    .map((cell) => {
      const why = cell.message ?? cell.stop ?? 'its rounds are not over';
      return `<li>${escapeHtml(`${cell.heuristic}, seed ${cell.seed}: ${cell.status}, ${why}`)}</li>`;
    });
  return lines.length === 0
    ? ''
    : `<section class="notes"><h2>Notes</h2><ul>${lines.join('')}</ul></section>`;
}

function levelsTable(results: Results): string {
  const nameOf = strategyNames(results.config);
  const levels = results.strategies[0]?.labelsTo.map((level) => level.level) ?? [];
  const rows = results.strategies.flatMap((strategy) => [
    [nameOf(strategy.heuristic), ...strategy.labelsTo.map(labelsTo)],
    ...savedRows(nameOf(strategy.heuristic), strategy, results.config.seeds.length),
  ]);
  return htmlTable(['', ...levels.map((level) => percent(level))], rows);
}

function savedRows(
  name: string,
  { saved, factors }: StrategyResult,
  seeds: number,
): readonly (readonly string[])[] {
  if (saved === undefined) return [];
  return [
    [`${name}, saved against Random`, ...saved.map((one) => savedText(one) + ofSeeds(one, seeds))],
    ...(factors === undefined
      ? []
      : [
          [
            `${name}, data-saving factor`,
            ...factors.map((one) => factorText(one) + ofSeeds(one, seeds)),
          ],
        ]),
  ];
}

function versions(environment: Environment): string {
  return Object.entries(environment)
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('');
}
