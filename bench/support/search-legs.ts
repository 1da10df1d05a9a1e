import { postJson } from '#test/fans/lean-http.ts';
import { figure } from '#test/support/system/figures.ts';
import { type Cost, LOADER, runLeg } from './http-legs.ts';
import type { Table } from './report.ts';
import { median } from './rounds.ts';
import type { SearchFigures, SearchLoad } from './search-load.ts';
import { bodyOf, type Question, spellings } from './search-questions.ts';
import type { OpenStand } from './search-stand.ts';

export type SearchLeg = SearchFigures & Cost & { readonly engineCalls: number };

/** The questions as requests to the api, each in all its spellings. */
export const apiRequests = (questions: readonly Question[]): string[][] =>
  questions.map((question) => spellings(question).map((request) => postJson('/graphql', bodyOf(request))));

/** Sends the searches; the calls of the engine are those of the measured time. */
export async function runSearches(stand: OpenStand, load: SearchLoad): Promise<SearchLeg> {
  const counts: Promise<number>[] = [];
  const onMoment = () => void counts.push(stand.engineCalls());
  const figures = await runLeg<SearchFigures>(stand.loader, load, stand.watched, onMoment);
  const [before = 0, after = 0] = await Promise.all(counts);
  return { ...figures, engineCalls: after - before };
}

const refused = (leg: SearchLeg): number => leg.outcomes.get('refused')?.count ?? 0;
/** Without those that were refused or broken off. */
export const perSecond = (leg: SearchLeg): number => (leg.answered - refused(leg)) / leg.seconds;
export const of = (legs: readonly SearchLeg[], value: (leg: SearchLeg) => number): number => median(legs.map(value));
const share = (leg: SearchLeg, role: string): number => (100 * (leg.cpu.get(role) ?? 0)) / (leg.seconds * 1e6);
export const cpuOf = (leg: SearchLeg, role: string): number => (leg.cpu.get(role) ?? 0) / leg.answered;

/** One row for each leg, with what answered and what it cost. */
export function legsTable(title: string, rows: ReadonlyMap<string, readonly SearchLeg[]>): Table {
  const head = [
    '',
    'searches/s',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'refused',
    'different',
    'searches per engine call',
    'bytes',
  ];
  const cost = ['node us', 'Typesense us', 'PostgreSQL us', 'counting proxy us', 'load generator, of a core'];
  return {
    title,
    head: [...head, ...cost],
    rows: [...rows].map(([name, legs]) => {
      const value = (one: (leg: SearchLeg) => number) => figure(of(legs, one));
      const all = legs.map(perSecond);
      return [
        name,
        legs.length > 1
          ? `${value(perSecond)} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`
          : value(perSecond),
        value(({ p50Ms }) => p50Ms),
        value(({ p95Ms }) => p95Ms),
        value(({ p99Ms }) => p99Ms),
        `${value((leg) => (100 * refused(leg)) / leg.answered)} %`,
        value(({ distinct }) => distinct),
        value(({ answered, engineCalls }) => answered / engineCalls),
        value(({ bytesPerAnswer }) => bytesPerAnswer),
        ...['node', 'Typesense', 'PostgreSQL', 'counting proxy'].map((role) => value((leg) => cpuOf(leg, role))),
        `${value((leg) => share(leg, LOADER))} %`,
      ];
    }),
  };
}
