import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { drawOrder } from '#domain/waiting-room/draw-rules.ts';
import { readRooms } from '#domain/waiting-room/read-rooms.ts';
import { HttpConnection, postJson } from '#test/fans/lean-http.ts';
import { signIn, userIdOf } from '#test/fans/room-crowd/viewers.ts';
import type { BenchChild } from '#test/support/system/child.ts';
import { runHttpLeg, runLeg } from './support/http-legs.ts';
import type { WrittenRequests } from './support/http-load.ts';
import type { BenchOptions, Report } from './support/report.ts';
import type { JoinFigures, JoinQuestion } from './support/room-joiner.ts';
import { BELOW, OURS, type RoomLeg, reportRoom, STOCK, STOCK_JOSE } from './support/room-report.ts';
import { openRoomWorld, type RoomServer, type RoomWorld } from './support/room-world.ts';
import { abba } from './support/rounds.ts';

const NOTHING = 'nothing: a server with one answer';

const CALLERS = 512;
const CONNECTIONS = 64;

const JOIN = `mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) { __typename
  ... on JoinWaitingRoomSuccess { place { state position ahead } } } }`;
const POLL = 'query ($eventId: ID!) { waitingRoomPlace(eventId: $eventId) { state position ahead } }';
const TICKET = 'query ($eventId: ID!) { waitingRoomPlace(eventId: $eventId) { ticket } }';

type Size = {
  readonly joins: number;
  /** The part of them that joins over HTTP. */
  readonly overHttp: number;
  readonly viewers: readonly number[];
  readonly rounds: number;
  readonly time: { readonly warmupMs: number; readonly measureMs: number };
};
const full: Size = {
  joins: 1_000_000,
  overHttp: 50_000,
  viewers: [20_000, 40_000],
  rounds: 4,
  time: { warmupMs: 1000, measureMs: 4000 },
};
const quickly: Size = {
  joins: 20_000,
  overHttp: 4000,
  viewers: [5000],
  rounds: 1,
  time: { warmupMs: 200, measureMs: 1000 },
};

type Legs = Map<string, RoomLeg[]>;
const add = (legs: Legs, side: string, leg: RoomLeg): void => {
  legs.set(side, [...(legs.get(side) ?? []), leg]);
};

/** Measures the cost of a million fans in a waiting room: to let them join, to keep them, and to answer their polls. */
export async function benchWaitingRoom({ quick, only, profile }: BenchOptions): Promise<Report> {
  const world = await openRoomWorld(profile);
  try {
    const size = quick ? quickly : full;
    const fills: Legs = new Map();
    const bytes = { ours: 0, stock: 0 };
    await fill(world, size, { fills, bytes });
    const tableBytes = await world.tableBytes();
    await draw(world, size.joins);
    const polls = new Map<number, Legs>();
    for (const viewers of size.viewers.filter((count) => `${count} viewers`.includes(only ?? '')))
      polls.set(viewers, await poll(world, size, viewers));
    const keyBytes = await world.roomKeyBytes();
    const { joins, overHttp } = size;
    return reportRoom(world, { joins, overHttp, bytes, keyBytes, tableBytes, fills, polls });
  } finally {
    await world.close();
  }
}

type Filled = { readonly fills: Legs; readonly bytes: { ours: number; stock: number } };

/** In chunks that the two sides process in turn, most of them below GraphQL. */
async function fill(world: RoomWorld, { joins, overHttp, rounds }: Size, { fills, bytes }: Filled): Promise<void> {
  const direct = joins - overHttp;
  const next = { ours: 0, stock: 0 };
  const measured = async (side: 'ours' | 'stock', work: () => Promise<void>) => {
    const before = await world.redisBytes();
    await work();
    bytes[side] += (await world.redisBytes()) - before;
  };
  for (const side of abba(['ours', 'stock'] as const, rounds)) {
    const chunk = { from: next[side], count: direct / rounds };
    await measured(side, async () =>
      add(fills, (side === 'ours' ? OURS : STOCK) + BELOW, await joinBelow(world, side, chunk)),
    );
    next[side] += chunk.count;
  }
  for (const side of abba(['ours', 'stock'] as const, rounds)) {
    const chunk = { from: next[side], count: overHttp / rounds };
    await measured(side, async () =>
      add(fills, side === 'ours' ? OURS : STOCK, await joinOverHttp(world, world[side], chunk)),
    );
    next[side] += chunk.count;
  }
}

type Chunk = { readonly from: number; readonly count: number };

function joinBelow(world: RoomWorld, side: 'ours' | 'stock', chunk: Chunk): Promise<RoomLeg> {
  const child: BenchChild = world.joiners[side];
  const watched = [{ role: 'node', pid: child.pid }, ...world.stores.watched, world.worker];
  const question: JoinQuestion = { kind: 'join', eventId: world.eventId, ...chunk, callers: CALLERS };
  return runLeg<JoinFigures>(child, question, watched);
}

async function joinOverHttp(world: RoomWorld, { port, watched }: RoomServer, chunk: Chunk): Promise<RoomLeg> {
  const tokens = await signIn(world.tokenPrivateKey, chunk);
  const variables = { input: { eventId: encodeGlobalId('Event', world.eventId) } };
  const body = JSON.stringify({ query: JOIN, variables });
  const texts = tokens.map((token) => postJson('/graphql', body, token));
  const answer = '{"data":{"joinWaitingRoom":{"__typename":"JoinWaitingRoomSuccess"';
  const requests: WrittenRequests = { kind: 'written', texts, isOnce: true, answer };
  const time = { warmupMs: 0, measureMs: 600_000 };
  return await runHttpLeg(world.loader, { port, connections: CONNECTIONS, ...time, requests }, watched);
}

/** Lets the controller draw for all fans, and waits until the api process has the result. */
async function draw({ stores: { db }, eventId }: RoomWorld, joins: number): Promise<void> {
  await db.execute(sql`update waiting_rooms set draw_at = clock_timestamp(), version = version + 1,
    updated_at = clock_timestamp() where event_id = ${eventId}`);
  let entries: number | undefined;
  for (let waitedMs = 0; entries === undefined; waitedMs += 200) {
    if (waitedMs > 60_000) throw new Error('The controller made no draw.');
    await sleep(200);
    entries = (await readRooms(db, { eventIds: [eventId] }))[0]?.draw?.entries;
  }
  if (entries !== joins) throw new Error(`Of ${joins} fans ${entries} took part in the draw.`);
  await db.execute(sql`analyze`);
  await sleep(3000);
}

/** Viewers from all parts of the room who request their places again and again. */
async function poll(world: RoomWorld, { joins, rounds, time }: Size, viewers: number): Promise<Legs> {
  const eventId = encodeGlobalId('Event', world.eventId);
  const numbers = Array.from({ length: viewers }, (_, index) => Math.floor((index * joins) / viewers));
  const tokens: string[] = [];
  for (const from of numbers) tokens.push(...(await signIn(world.tokenPrivateKey, { from, count: 1 })));
  const tickets = await fetchTickets(world.ours.port, eventId, tokens);
  const body = JSON.stringify({ query: POLL, variables: { eventId } });
  const plain = tokens.map((token) => postJson('/graphql', body, token));
  const withTickets = tokens.map((token, index) =>
    postJson('/graphql', body, token, [`Frontrow-Place: ${tickets[index]}`]),
  );
  await checkPlaces(world, numbers, withTickets);
  const legs: Legs = new Map();
  const run = async (side: string, { port, watched }: RoomServer) => {
    const texts = side === OURS ? withTickets : plain;
    const requests: WrittenRequests = {
      kind: 'written',
      texts,
      isOnce: false,
      answer: '{"data":{"waitingRoomPlace":{"state":',
    };
    return await runHttpLeg(world.loader, { port, connections: CONNECTIONS, ...time, requests }, watched);
  };
  const servers = { [OURS]: world.ours, [STOCK]: world.stock, [STOCK_JOSE]: world.stockJose };
  for (const side of abba([OURS, STOCK, STOCK_JOSE] as const, rounds)) add(legs, side, await run(side, servers[side]));
  const ready = '{"data":{"waitingRoomPlace":{"state":"WAITING","position":500000,"ahead":499000}}}';
  add(legs, NOTHING, await run(OURS, await world.openNull(ready)));
  return legs;
}

/** What a client gets from its join. */
async function fetchTickets(port: number, eventId: string, tokens: readonly string[]): Promise<string[]> {
  const body = JSON.stringify({ query: TICKET, variables: { eventId } });
  const answers = await askAll(
    port,
    tokens.map((token) => postJson('/graphql', body, token)),
  );
  return answers.map((text) => {
    const ticket = (JSON.parse(text) as { data?: { waitingRoomPlace?: { ticket: string } } }).data?.waitingRoomPlace;
    if (!ticket) throw new Error(`There is no ticket: ${text}`);
    return ticket.ticket;
  });
}

async function askAll(port: number, requests: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  let next = 0;
  const ask = async () => {
    const connection = new HttpConnection(port);
    while (next < requests.length) {
      const index = next++;
      answers[index] = (await connection.send(requests[index] ?? '')).start;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  return answers;
}

/** Checks that each viewer gets the place that the published secret gives its ordinal. */
async function checkPlaces(world: RoomWorld, numbers: readonly number[], requests: readonly string[]): Promise<void> {
  const { stores, eventId, ours } = world;
  const [room] = await readRooms(stores.db, { eventIds: [eventId] });
  if (!room?.draw) throw new Error('There was no draw.');
  const order = drawOrder(room.draw.secret, room.draw.entries);
  const userIds = numbers.map(userIdOf);
  const rows = await stores.db.execute<{ user_id: string; ordinal: number }>(sql`
    select user_id, ordinal from waiting_room_places
    where event_id = ${eventId} and user_id = any(${sql.param(userIds)}::uuid[])`);
  const ordinals = new Map(rows.map((row) => [row.user_id, row.ordinal]));
  const answers = await askAll(ours.port, requests);
  const wrong = answers.filter((text, index) => {
    const { data } = JSON.parse(text) as { data: { waitingRoomPlace: { position: number } | null } };
    return data.waitingRoomPlace?.position !== order[ordinals.get(userIds[index] ?? '') ?? -1];
  });
  if (wrong.length > 0) throw new Error(`${wrong.length} of ${numbers.length} places are wrong: ${wrong[0]}`);
}
