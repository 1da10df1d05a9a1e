import { figure, percentile } from '#test/support/system/figures.ts';
import type { Usable } from './map-page.ts';
import { KONVA, OURS, SVG, WEBGL } from './map-sides.ts';
import type { MapWorld } from './map-world.ts';
import type { Goal, Report, Table } from './report.ts';
import { median } from './rounds.ts';

export type MapLeg = {
  readonly usable: Usable;
  readonly bytes: number;
  readonly frames: number;
  readonly frameP50Ms: number;
  readonly frameP95Ms: number;
  /** From the commit to the screen, one for each version. */
  readonly paintedMs: readonly number[];
  /** Cores in use while the map moved, by kind of process. */
  readonly moveCpu: ReadonlyMap<string, number>;
  readonly sellCpu: ReadonlyMap<string, number>;
};

type Measured = {
  readonly legs: ReadonlyMap<string, readonly MapLeg[]>;
  readonly seats: number;
  readonly holdsPerSecond: number;
};

const share = (values: readonly number[], of: number): number => percentile(Float64Array.from(values).sort(), of);
const measures: Record<string, (leg: MapLeg) => number> = {
  navigation: ({ usable }) => usable.navigationMs,
  layout: ({ usable }) => usable.layoutMs,
  frameP50: (leg) => leg.frameP50Ms,
  frameP95: (leg) => leg.frameP95Ms,
  paintedP50: (leg) => share(leg.paintedMs, 0.5),
  paintedP99: (leg) => share(leg.paintedMs, 0.99),
  memory: (leg) => leg.bytes / 2 ** 20,
};

/** The median with the extremes in brackets. */
function spread(legs: readonly MapLeg[], of: (leg: MapLeg) => number): string {
  const values = legs.map(of);
  return `${figure(median(values))} (${figure(Math.min(...values))} to ${figure(Math.max(...values))})`;
}

export function reportOf(world: MapWorld, { legs, seats, holdsPerSecond }: Measured): Report {
  const rows = [...legs].map(([name, own]) => [name, ...Object.values(measures).map((of) => spread(own, of))]);
  const table: Table = {
    title: `${figure(seats)} seats in Chromium, 1280 x 720`,
    head: [
      'map',
      'usable after navigation, ms',
      'usable after the layout, ms',
      'frame p50 ms',
      'frame p95 ms',
      'commit to screen p50 ms',
      'commit to screen p99 ms',
      'memory over an empty page, MB',
    ],
    rows,
  };
  return {
    question: `How fast is the live seat map of a stadium in a real browser, and what would the obvious drawing do?`,
    tables: [table, cpuTable(legs, 'moving', (leg) => leg.moveCpu), cpuTable(legs, 'selling', (leg) => leg.sellCpu)],
    goals: goalsOf(world, legs),
    notes: [
      `Chromium ${world.chromium.version} without a window; WebGL by ${world.chromium.gpu}. Names of the renderers in use: ${[...legs.values()].map(([leg]) => leg?.usable.rendererName).join(', ')}.`,
      'Rounds in ABBA order, medians (in brackets: the extremes); one page for each map was opened before. Each leg has a browser context without a cache.',
      'Usable: the second frame after the map was drawn for the first time. Ours is the whole event page of the web client with React, session and subscriptions; the obvious maps are a page with nothing else.',
      'Frames: the time between two frames while the map is zoomed to twelve times and back and dragged in a circle, in 1.6 s.',
      `Commit to screen: ${holdsPerSecond} holds of two seats a second through the inventory writer, from the return of COMMIT to the begin of the frame after the one in which the map drew the version.`,
      'Memory: bytes that the processes of Chromium for pages and for drawing do not share, after a collection, less those with an empty page.',
      `The script of the element: ${figure(world.scriptBytes / 1024)} KB minified and gzipped, with its style.`,
    ],
    packages: ['playwright-core', 'konva', 'react', 'graphql-ws'],
    servers: world.stores.description,
  };
}

function cpuTable(legs: Measured['legs'], what: string, of: (leg: MapLeg) => ReadonlyMap<string, number>): Table {
  const kinds = [...new Set([...legs.values()].flat().flatMap((leg) => [...of(leg).keys()]))];
  return {
    title: `Cores in use while ${what}, of two`,
    head: ['map', ...kinds],
    rows: [...legs].map(([name, own]) => [
      name,
      ...kinds.map((kind) => figure(median(own.map((leg) => of(leg).get(kind) ?? 0)))),
    ]),
  };
}

/** Each as how often the measured value fits into the budget, so that 1x is the goal. */
function goalsOf({ scriptBytes }: MapWorld, legs: Measured['legs']): Goal[] {
  const middle = (name: string, measure: string) => {
    const own = legs.get(name) ?? [];
    return median(own.map(measures[measure] ?? (() => Number.NaN)));
  };
  const budget = (what: string, most: number, measured: number): Goal => ({
    name: `budget of ${what}, against the measured`,
    goal: 1,
    measured: most / measured,
  });
  const ours = [OURS].flatMap((name) => [
    budget(`1,500 ms from navigation to usable (${name})`, 1_500, middle(name, 'navigation')),
    budget(`1,000 ms from the layout to usable (${name})`, 1_000, middle(name, 'layout')),
    budget(`33 ms for the p95 of a frame (${name})`, 33, middle(name, 'frameP95')),
    budget(`300 ms for the p99 from commit to screen (${name})`, 300, middle(name, 'paintedP99')),
    budget(`60 MB over an empty page (${name})`, 60, middle(name, 'memory')),
  ]);
  const against = [SVG, KONVA, WEBGL].map((name) => ({
    name: `frame p95, ${OURS} against ${name}`,
    goal: 1,
    measured: middle(name, 'frameP95') / middle(OURS, 'frameP95'),
  }));
  return [...ours, budget('25 KB of script', 25 * 1024, scriptBytes), ...against].filter(({ measured }) =>
    Number.isFinite(measured),
  );
}
