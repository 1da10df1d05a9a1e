import { figure, megabytes } from '#test/support/system/figures.ts';
import { type Cost, LOADER } from './http-legs.ts';
import type { HttpFigures } from './http-load.ts';
import type { Report, Table } from './report.ts';
import type { RoomWorld } from './room-world.ts';
import { median } from './rounds.ts';

export const OURS = 'ours';
export const STOCK = 'stock: yoga, Pothos, a sorted set';
export const STOCK_JOSE = 'stock, and jose checks each token';
export const BELOW = ', below GraphQL';

export type RoomLeg = Pick<HttpFigures, 'seconds' | 'answered' | 'p50Ms' | 'p99Ms'> & Cost;
export type RoomLegs = ReadonlyMap<string, readonly RoomLeg[]>;
export type RoomFigures = {
  readonly joins: number;
  readonly overHttp: number;
  /** The growth of Redis. */
  readonly bytes: { readonly ours: number; readonly stock: number };
  /** Of the room's own keys only: other growth of Redis cannot be attributed. */
  readonly keyBytes: number;
  /** What PostgreSQL keeps for Frontrow's room. */
  readonly tableBytes: number;
  readonly fills: RoomLegs;
  /** By the number of viewers. */
  readonly polls: ReadonlyMap<number, RoomLegs>;
};

const servers = ['node', 'controller', 'PostgreSQL', 'Valkey'] as const;
const medianOf = (legs: readonly RoomLeg[] | undefined, value: (leg: RoomLeg) => number): number =>
  median((legs ?? []).map(value));
const perSecond = (leg: RoomLeg) => leg.answered / leg.seconds;
const cpuOf = (leg: RoomLeg) => servers.reduce((sum, role) => sum + (leg.cpu.get(role) ?? 0), 0);
const perCpuSecond = (leg: RoomLeg) => leg.answered / (cpuOf(leg) / 1e6);

const head = [
  '',
  'per second',
  'per CPU second',
  'p50 ms',
  'p99 ms',
  ...servers.map((role) => `${role} us`),
  'node memory',
  'load generator, of a core',
];

function rowOf([side, legs]: [string, readonly RoomLeg[]]): string[] {
  const of = (value: (leg: RoomLeg) => number) => figure(medianOf(legs, value));
  const all = legs.map(perSecond);
  return [
    side,
    `${of(perSecond)} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`,
    of(perCpuSecond),
    of((leg) => leg.p50Ms),
    of((leg) => leg.p99Ms),
    ...servers.map((role) => of((leg) => (leg.cpu.get(role) ?? 0) / leg.answered)),
    megabytes(medianOf(legs, (leg) => leg.memory.get('node') ?? 0)),
    `${of((leg) => (leg.cpu.get(LOADER) ?? 0) / (leg.seconds * 1e4))} %`,
  ];
}

const tableOf = (title: string, legs: RoomLegs): Table => ({ title, head, rows: [...legs].map(rowOf) });

export function reportRoom({ stores }: Pick<RoomWorld, 'stores'>, figures: RoomFigures): Report {
  const { joins, overHttp, keyBytes, tableBytes, fills, polls } = figures;
  const bytes = { ...figures.bytes, ours: Math.max(figures.bytes.ours, keyBytes) };
  const polled = [...polls].map(([viewers, legs]) => {
    const ratio = (value: (leg: RoomLeg) => number) =>
      medianOf(legs.get(OURS), value) / medianOf(legs.get(STOCK), value);
    return { name: `polls per CPU second, ${figure(viewers)} viewers`, goal: 5, measured: ratio(perCpuSecond) };
  });
  const kept = [
    ['ours', figure(bytes.ours), figure(bytes.ours / joins), figure(tableBytes), figure(tableBytes / joins)],
    ['stock', figure(bytes.stock), figure(bytes.stock / joins), '0', '0'],
  ];
  return {
    question: `What do ${figure(joins)} fans in a waiting room cost: to let them in, to keep them, and to answer their polls?`,
    tables: [
      {
        title: `What ${figure(joins)} fans leave behind`,
        head: ['', 'Redis bytes', 'per fan', 'PostgreSQL bytes', 'per fan'],
        rows: kept,
      },
      tableOf(`Joins: ${figure(joins - overHttp)} below GraphQL, then ${figure(overHttp)} over HTTP`, fills),
      ...[...polls].map(([viewers, legs]) =>
        tableOf(`Polls of ${figure(viewers)} viewers, ${figure(joins)} in the room`, legs),
      ),
    ],
    goals: [
      { name: 'Redis bytes, less than stock', goal: 100, measured: bytes.stock / bytes.ours },
      { name: 'Redis bytes, less than 1 MB', goal: 1, measured: 2 ** 20 / bytes.ours },
      ...polled,
    ],
    notes: [
      'Rounds in ABBA order, medians (in brackets: the extremes). Joins: 512 at a time below GraphQL (ours: the object that an api process joins with; stock: INCR and ZADD NX over ioredis), 64 connections over HTTP.',
      'Polls: 64 connections, state, position and ahead; each viewer has a place, an access token and (ours) the ticket of the place. Ours with limits off and one log line a request. Stock: yoga as documented, one ZRANK a poll; it keeps no ticks, limits, turns or lines and loses all places with Redis.',
      `Redis bytes: how much its data grew meanwhile, for ours at least the ${figure(keyBytes)} bytes of the room's own keys.`,
      'Both check tokens alike, each once, and remember them. In the last row jose verifies each, as its documentation does.',
      'CPU: microseconds per answer of the server process (node), the controller with its tick a second (ours), PostgreSQL with all its processes, and Valkey; "per CPU second" counts all four.',
      'Before the polls every viewer got the position that the published secret of the draw gives its ordinal.',
    ],
    packages: ['graphql-yoga', '@pothos/core', 'graphql', 'drizzle-orm', 'postgres', 'ioredis', 'jose'],
    servers: stores.description,
  };
}
