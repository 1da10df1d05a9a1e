import { failuresOf, reportOf } from './checks/run-checks.ts';
import { addTallies, type Counts, countAnswered } from './clients/tally.ts';
import type { ChaosResult } from './run-chaos.ts';

/** The report of a run for a person. */
export function reportLines(result: ChaosResult): string[] {
  return [
    '',
    ...section('operations', operationRows(result)),
    ...section('refusals and unknown outcomes, by code', codeRows(result)),
    ...section('faults', faultRows(result)),
    ...section('rare paths', rareRows(result)),
    'checks',
    reportOf(result.checks),
    '',
    ...section('memory at most without what is shared, and CPU', usedRows(result)),
    totals(result),
  ];
}

type Row = readonly string[];

function section(title: string, rows: readonly Row[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  return [title, ...lines.map((line) => `  ${line.trimEnd()}`), ''];
}

function operationRows({ fans, domain, watchers, organizer }: ChaosResult): Row[] {
  const rows = (who: string, counts: Counts): Row[] =>
    Object.entries(counts)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([kind, { ok = 0, refused = 0, unknown = 0 }]) => [`${who}: ${kind}`, `${ok}`, `${refused}`, `${unknown}`]);
  return [
    ['', 'ok', 'refused', 'unknown'],
    ...rows('api', fans.counts),
    ...rows('api', organizer.counts),
    ...rows('live', watchers.counts),
    ...rows('domain', domain.counts),
  ];
}

const MOST_CODES = 20;

const codeRows = ({ fans, domain, watchers, organizer }: ChaosResult): Row[] =>
  Object.entries(addTallies([fans, domain, watchers, organizer]).codes)
    .sort(([, one], [, other]) => other - one)
    .slice(0, MOST_CODES)
    .map(([code, count]) => [code, `${count}`]);

function faultRows({ faults }: ChaosResult): Row[] {
  const groups = Map.groupBy(faults, ({ kind, part }) => `${kind} ${part}`);
  return [...groups]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, of]) => {
      const longest = Math.max(...of.map(({ begunAt, endedAt }) => endedAt - begunAt));
      return [name, `${of.length}`, `up to ${Math.round(longest)} ms`];
    });
}

const rareRows = ({ rarePaths }: ChaosResult): Row[] =>
  rarePaths.map(({ name, count, isRequired }) => [name, `${count}`, isRequired ? '' : 'not required of a short run']);

const usedRows = ({ used }: ChaosResult): Row[] =>
  [...used].map(([role, { peakBytes, cpuSeconds }]) => [
    role,
    `${Math.round(peakBytes / 2 ** 20)} MB`,
    `${cpuSeconds.toFixed(1)} s`,
  ]);

/** Operations with a definite answer; an attempt while everything was away does not count. */
function totals({
  fans,
  domain,
  watchers,
  organizer,
  faults,
  checks,
  seconds,
  secondsUntilQuiet,
}: ChaosResult): string {
  const api = countAnswered(fans.counts) + countAnswered(organizer.counts);
  const all = api + countAnswered(domain.counts) + countAnswered(watchers.counts);
  const failed = failuresOf(checks).length;
  return `${faults.length} faults, ${api} API operations answered, ${all} in all; ${failed} of ${checks.length} checks failed; quiet after ${secondsUntilQuiet.toFixed(1)} s, ${seconds.toFixed(0)} s in all`;
}
