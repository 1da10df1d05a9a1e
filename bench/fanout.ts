import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openChild } from '#test/support/system/child.ts';
import { type CpuSample, cpuBetween, memoryOf, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { figure } from '#test/support/system/figures.ts';
import {
  type FanoutWorld,
  openFanoutWorld,
  openOurSockets,
  openStockSockets,
  type SocketServer,
} from './support/fanout-world.ts';
import type { NullSocketQuestion } from './support/null-sockets.ts';
import type { BenchOptions, Report, Table } from './support/report.ts';
import { abba, median } from './support/rounds.ts';
import type { SellQuestion } from './support/seller.ts';
import type { WatchAudit, WatchFigures, WatchQuestion } from './support/watchers.ts';

const QUERY = `subscription ($eventId: ID!) { seatMapChanged(eventId: $eventId) {
  ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } } } }`;

const OURS = 'ours';
const STOCK = 'stock: yoga + graphql-ws';
const LOADER = 'watchers';

/** So many that the stock server is busy with its frames but not late. */
const FRAMES_PER_SECOND = 10_000;
const ON_SALE_HOLDS_PER_SECOND = 200;
/** The time of a feed before and after the part that is counted. */
const MARGIN_MS = 1000;

type Leg = WatchFigures & {
  readonly cpu: ReadonlyMap<string, number>;
  readonly bytesPerSocket: number;
  readonly heapBytesPerSocket: number;
};
type Feed = { readonly name: 'calm' | 'onSale'; readonly holdsPerSecond: number; readonly ms: number };
type Setup = {
  readonly world: FanoutWorld;
  readonly sockets: number;
  readonly feeds: readonly Feed[];
  readonly profile: string | undefined;
};
type Legs = Map<string, Leg[]>;

/** Measures the cost of notifying thousands of watchers of every seat that changes hands. */
export async function benchFanout({ quick, profile }: BenchOptions): Promise<Report> {
  const sockets = quick ? 500 : socketsThatFit();
  const calm: Feed = { name: 'calm', holdsPerSecond: FRAMES_PER_SECOND / sockets, ms: quick ? 1000 : 4000 };
  const onSale: Feed = { name: 'onSale', holdsPerSecond: ON_SALE_HOLDS_PER_SECOND, ms: quick ? 1000 : 4000 };
  const world = await openFanoutWorld();
  try {
    const legs: Legs = new Map();
    const setup: Setup = { world, sockets, feeds: [calm, onSale], profile };
    for (const side of abba([OURS, STOCK], quick ? 1 : 4)) {
      if (side === OURS) await runSide(legs, side, { ...setup, feeds: [calm, onSale] });
      else await runSide(legs, side, { ...setup, feeds: [calm] });
    }
    const nothing = await runNothing(setup);
    return reportOf(world, sockets, { legs, nothing });
  } finally {
    await world.close();
  }
}

/** One file descriptor per socket in each process, with some left for other files. */
function socketsThatFit(): number {
  const limits = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const soft = limits.userLimits?.open_files?.soft;
  return soft === 'unlimited' || Number(soft) >= 6000 ? 5000 : 2000;
}

async function runSide(legs: Legs, side: string, setup: Setup): Promise<void> {
  const { world, sockets, feeds, profile } = setup;
  const server = side === OURS ? await openOurSockets(world, profile) : await openStockSockets(world);
  try {
    // Code that the server loads for the first socket is not part of the cost of a socket.
    await connect(world, { server, sockets: 1, eventId: await putOnSale(world) });
    await sleep(500);
    await ask(world, { kind: 'disconnect' });
    const before = await settledMemory(server);
    const eventId = await putOnSale(world);
    await connect(world, { server, sockets, eventId });
    await sleep(1000);
    const after = await settledMemory(server);
    const bytesPerSocket = (after.bytes - before.bytes) / sockets;
    const heapBytesPerSocket = (after.heapBytes - before.heapBytes) / sockets;
    let sold = 0;
    for (const feed of feeds) {
      const { figures, holds } = await runFeed({ world, server, eventId }, feed, sold);
      sold += holds;
      const name = `${side}, ${feed.name}`;
      legs.set(name, [...(legs.get(name) ?? []), { ...figures, bytesPerSocket, heapBytesPerSocket }]);
    }
  } finally {
    await ask(world, { kind: 'disconnect' });
    await server.close();
  }
}

/** Measured without garbage: pages are returned a moment after a collection. */
async function settledMemory(server: SocketServer): Promise<{ bytes: number; heapBytes: number }> {
  await server.heapBytes();
  await sleep(300);
  const heapBytes = await server.heapBytes();
  return { bytes: memoryOf(server.node), heapBytes };
}

async function putOnSale({ stores, plan }: FanoutWorld): Promise<string> {
  const { seatCount, sectionIds, organizerId } = plan;
  const options = { like: plan, seats: seatCount, sections: sectionIds.length, organizerId };
  return (await seedEvent(stores.db, options)).eventId;
}

const ask = <Answer>(world: FanoutWorld, question: WatchQuestion, onMoment?: () => void): Promise<Answer> =>
  world.watchers.ask<Answer>(question, onMoment);

async function connect(
  world: FanoutWorld,
  { server, sockets, eventId }: { server: { port: number }; sockets: number; eventId: string },
): Promise<void> {
  await ask(world, { kind: 'connect', port: server.port, sockets, query: QUERY, eventId });
}

type Counted = WatchFigures & { cpu: ReadonlyMap<string, number> };

async function countFrames(world: FanoutWorld, server: Watched, ms: number): Promise<Counted> {
  const watched = [server, ...world.stores.watched, { role: LOADER, pid: world.watchers.pid }];
  const samples: CpuSample[] = [];
  const figures = await ask<WatchFigures>(world, { kind: 'count', ms }, () => samples.push(sampleCpu(watched)));
  const [before, after] = samples;
  if (!before || !after) throw new Error('The watchers named no moments.');
  return { ...figures, cpu: cpuBetween(before, after) };
}

/**
 * Sells throughout, counts from the second second on, and checks at the end that all watchers have the last version.
 */
async function runFeed(
  { world, server, eventId }: { world: FanoutWorld; server: SocketServer; eventId: string },
  feed: Feed,
  sold: number,
): Promise<{ figures: Counted; holds: number }> {
  const holds = Math.ceil((feed.holdsPerSecond * (feed.ms + 2 * MARGIN_MS)) / 1000);
  const { planId } = world.plan;
  const everyMs = 1000 / feed.holdsPerSecond;
  const selling = world.seller.ask({
    kind: 'sell',
    eventId,
    planId,
    firstSeat: 2 * sold,
    holds,
    everyMs,
  } satisfies SellQuestion);
  await sleep(MARGIN_MS);
  const figures = await countFrames(world, server.node, feed.ms);
  await selling;
  await audit(world, eventId, sold + holds);
  return { figures, holds };
}

/** Checks that every socket has the last version, and that the audited ones have each seat as PostgreSQL does. */
async function audit(world: FanoutWorld, eventId: string, version: number): Promise<void> {
  const audits = await ask<WatchAudit>(world, { kind: 'audit', version });
  const rows = await world.stores.db.execute<{ seat_no: number; status: string; version: number }>(sql`
    select s.seat_no, s.status, b.version::int as version from event_seats s join bookings b on b.id = s.booking_id
    where s.event_id = ${eventId}::uuid`);
  for (const { fromVersion, statuses } of audits) {
    const known = new Map(statuses);
    const expected = rows.filter((row) => row.version > fromVersion);
    const wrong = expected.filter((row) => known.get(row.seat_no) !== row.status).length;
    if (wrong > 0 || known.size !== expected.length)
      throw new Error(`A watcher is wrong about ${wrong} seats, and knows ${known.size} of ${expected.length}.`);
  }
}

/** The same frames from a server that only writes. */
async function runNothing({ world, sockets, feeds: [feed] }: Setup): Promise<Counted> {
  const child = openChild(new URL('./support/null-sockets.ts', import.meta.url));
  try {
    const { port } = await child.ask<{ port: number }>({ kind: 'listen' } satisfies NullSocketQuestion);
    await connect(world, { server: { port }, sockets, eventId: '' });
    await sleep(500);
    const changes = [0, 1].map((seatNo) => ({ seatNo, status: 'HELD' }));
    const data = { seatMapChanged: { fromVersion: 0, toVersion: 1, changes } };
    const text = JSON.stringify({ id: '1', type: 'next', payload: { data } });
    const ms = feed?.ms ?? 1000;
    const everyMs = 25;
    const question: NullSocketQuestion = { kind: 'send', text, times: Math.ceil(ms / everyMs), everyMs };
    const sending = child.ask(question);
    const counted = await countFrames(world, { role: 'node', pid: child.pid }, ms);
    await sending;
    return counted;
  } finally {
    await ask(world, { kind: 'disconnect' });
    await child.close();
  }
}

const perCpuSecond = (leg: Counted, what: 'frames' | 'seatChanges') => leg[what] / ((leg.cpu.get('node') ?? 0) / 1e6);
const medianOf = (legs: readonly Leg[] | undefined, value: (leg: Leg) => number) => median((legs ?? []).map(value));

function reportOf(world: FanoutWorld, sockets: number, { legs, nothing }: { legs: Legs; nothing: Counted }): Report {
  const calm = (side: string, value: (leg: Leg) => number) => medianOf(legs.get(`${side}, calm`), value);
  const frames = (leg: Leg) => perCpuSecond(leg, 'frames');
  const seatChanges = (leg: Leg) => perCpuSecond(leg, 'seatChanges');
  const memory = (leg: Leg) => leg.heapBytesPerSocket;
  return {
    question: `What does it cost to notify ${figure(sockets)} sockets of the seats of one event that change hands?`,
    tables: [tableOf(legs, nothing)],
    goals: [
      { name: 'frames per CPU second', goal: 4, measured: calm(OURS, frames) / calm(STOCK, frames) },
      {
        name: 'seat changes per CPU second, at an on-sale',
        goal: 30,
        measured: medianOf(legs.get(`${OURS}, onSale`), seatChanges) / calm(STOCK, seatChanges),
      },
      { name: 'heap per socket, smaller', goal: 3, measured: calm(STOCK, memory) / calm(OURS, memory) },
    ],
    notes: [
      'Four rounds in ABBA order, each with a server process of its own; medians (in brackets: the extremes), the first second of each feed dropped.',
      `Feeds: real holds of two seats through the inventory writer. Calm: ${figure(FRAMES_PER_SECOND / sockets)} holds/s, so that the stock server, which sends a frame for each hold, keeps up. On-sale: ${ON_SALE_HOLDS_PER_SECOND} holds/s, ${figure(ON_SALE_HOLDS_PER_SECOND * sockets)} frames/s for the stock server: out of its reach, so ours is compared with its calm figure.`,
      'After each feed every socket knew the last version; one in a hundred read every frame: no gap, and each seat as in PostgreSQL.',
      'CPU: of the server process, microseconds per frame; "watchers" is the process with all the clients, as a share of a core. The last row is a server that writes one ready frame to all sockets 40 times a second: what the kernel and the watchers can take.',
      'Memory per socket: growth of the server process (PSS) from no socket to all of them subscribed, each after a collection; "heap" is what JavaScript and its buffers have of it. The ratio is of the heap: the process also fills pages that it had before, which makes its growth look too small. What the kernel keeps for a connection comes on top, for both.',
    ],
    packages: ['graphql-yoga', 'graphql-ws', 'ws', 'graphql-redis-subscriptions', 'graphql', 'ioredis'],
    servers: world.stores.description,
  };
}

function tableOf(legs: Legs, nothing: Counted): Table {
  const row = (name: string, own: readonly Leg[]) => {
    const of = (value: (leg: Leg) => number) => figure(medianOf(own, value));
    const all = own.map((leg) => perCpuSecond(leg, 'frames'));
    return [
      name,
      `${of((leg) => perCpuSecond(leg, 'frames'))} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`,
      of((leg) => perCpuSecond(leg, 'seatChanges')),
      of((leg) => leg.frames / leg.seconds),
      of((leg) => leg.seatChanges / leg.seconds),
      of((leg) => (leg.cpu.get('node') ?? 0) / leg.frames),
      of((leg) => (leg.cpu.get('Valkey') ?? 0) / leg.frames),
      `${of((leg) => leg.bytesPerSocket / 1024)} KB`,
      `${of((leg) => leg.heapBytesPerSocket / 1024)} KB`,
      `${of((leg) => (leg.cpu.get(LOADER) ?? 0) / (leg.seconds * 1e4))} %`,
    ];
  };
  const rows = [...legs].map(([name, own]) => row(name, own));
  rows.push(
    row('nothing: one ready frame', [{ ...nothing, bytesPerSocket: Number.NaN, heapBytesPerSocket: Number.NaN }]),
  );
  const head = ['', 'frames per CPU s', 'seat changes per CPU s', 'frames/s', 'seat changes/s', 'node us per frame'];
  return {
    title: 'One event, all sockets watch it',
    head: [...head, 'Valkey us per frame', 'memory per socket', 'of it heap', 'watchers, of a core'],
    rows,
  };
}
