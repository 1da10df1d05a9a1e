import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { drawOrder } from '#domain/waiting-room/draw-rules.ts';
import type { PlaceState } from '#domain/waiting-room/room.ts';
import { newCredentials, signIn } from '#test/fans/accounts.ts';
import { signInCrowd } from '#test/fans/crowd.ts';
import type { Fan } from '#test/fans/fan.ts';
import { holdSeats, openMap, pay } from '#test/fans/waiting-room-buyer.ts';
import type { WaitingRoomFan } from '#test/fans/waiting-room-fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openWaitingRoomWorld } from '#test/support/waiting-room/waiting-room-world.ts';

const FANS = 500;
const SEATS = 200;
const CAPACITY = 50;
/** What the organizer does while the first fans go in, until a fan has missed the turn. */
const SMALLER = 30;
const GRACE_SECONDS = 5;
const root = resolve(import.meta.dirname, '../..');

const world = await openWaitingRoomWorld();
const { system, db } = world;
afterAll(() => world.close());

const configureMutation = `mutation ($input: ConfigureWaitingRoomInput!) { configureWaitingRoom(input: $input) { __typename
  ... on ConfigureWaitingRoomSuccess { waitingRoom { state drawCommitment } } ... on Refusal { code message } } }`;
const drawProofQuery =
  'query ($eventId: ID!) { drawProof(eventId: $eventId) { ordinal entries commitment secret position } }';
const roomQuery = 'query ($id: ID!) { event(id: $id) { waitingRoom { state drawCommitment drawSecret } } }';

/** What a fan does, by the drawn position. */
type Part = 'buys' | 'buys late' | 'stays away' | 'leaves' | 'falls silent';
function partOf(position: number): Part {
  if (position % 20 === 7) return 'stays away';
  if (position > 60 && position % 10 === 3) return 'leaves';
  if ([2, 12, 22].includes(position)) return 'falls silent';
  return position % 5 === 0 ? 'buys late' : 'buys';
}

/** The late fans do not pay until a fan has missed the turn, so that the event is not sold out before. */
const aFanMissed = Promise.withResolvers<void>();

/** The second half of the first fans come when the room is too small for them. */
const isSmaller = Promise.withResolvers<void>();

/** From the draw until the fan has heard that it is over. */
async function play(fan: WaitingRoomFan, event: SeededEvent): Promise<void> {
  const { position } = await fan.until(() => fan.frames.find((frame) => frame.position !== null), 'a position');
  const part = partOf(position ?? 0);
  if (part === 'leaves') {
    await pushIn(fan, event);
    await fan.leave();
  }
  const { state } = await fan.when('YOUR_TURN', 'LEFT');
  if ((position ?? 0) > CAPACITY / 2) await isSmaller.promise;
  if (state === 'YOUR_TURN' && part !== 'stays away')
    await goIn(fan, { event, part, wants: (position ?? 0) % 3 ? 2 : 1 });
  const { state: last } = await fan.when('MISSED', 'LEFT');
  if (last === 'MISSED') aFanMissed.resolve();
}

/** Tries to take a seat without an admission. */
async function pushIn(fan: WaitingRoomFan, event: SeededEvent): Promise<void> {
  if (fan.admission) return;
  expect(await fan.book(event.seatIds(0))).toMatchObject({ code: 'ADMISSION_REQUIRED' });
}

async function goIn(
  fan: WaitingRoomFan,
  { event, part, wants }: { event: SeededEvent; part: Part; wants: number },
): Promise<void> {
  const map = await fan.throughTheDoor(() => openMap(fan));
  if (!map || part === 'falls silent') return;
  const booking = await holdSeats(fan, event, map, wants);
  if (booking) await pay(fan, booking.id, part === 'buys late' ? aFanMissed.promise : Promise.resolve());
  // Of the fans for whom no seat is left, some go and some stay to the end.
  else if (wants === 1) await fan.leave();
}

test('five hundred fans, fifty at a time, buy two hundred seats', async () => {
  const event = await seedEvent(db, { seats: SEATS, rows: 10 });
  const organizer = await signInOrganizer(event);
  const id = encodeGlobalId('Event', event.eventId);
  const configure = async (settings: object) =>
    (await organizer.ask(configureMutation, { input: { eventId: id, ...settings } })).configureWaitingRoom;
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const settings = { capacity: CAPACITY, sessionMinutes: 10, graceSeconds: GRACE_SECONDS };
  const { waitingRoom } = await configure({ ...settings, drawAt: inSeconds(600) });
  expect(waitingRoom.drawCommitment).toMatch(/^[0-9a-f]{64}$/);
  const room = async () => (await organizer.ask(roomQuery, { id })).event.waitingRoom;
  await expect.poll(async () => (await room()).state).toBe('OPEN');

  const crowd = await signInCrowd(system.apiUrl, FANS);
  const fans = await Promise.all(
    crowd.map((by, index) => world.fan(event, { at: index, by, address: `127.0.1.${1 + (index % 5)}` })),
  );
  await Promise.all(fans.map((fan) => fan.join()));
  await Promise.all(fans.map((fan) => fan.watch()));
  expect(fans.map(({ states }) => states)).toEqual(fans.map(() => ['WAITING']));
  expect(fans.flatMap(({ last }) => last?.position ?? [])).toEqual([]);
  // Some give up while the room is filling.
  const [early, waiting] = [fans.slice(0, 10), fans.slice(10)];
  await Promise.all(early.map((fan) => fan.leave()));
  await Promise.all(waiting.slice(0, 50).map((fan) => pushIn(fan, event)));

  await configure({ drawAt: inSeconds(1) });
  const playing = Promise.all([...early.map((fan) => fan.when('LEFT')), ...waiting.map((fan) => play(fan, event))]);
  await expect.poll(async () => (await room()).state).toBe('DRAWN');
  expect((await configure({ capacity: SMALLER })).__typename).toBe('ConfigureWaitingRoomSuccess');
  isSmaller.resolve();
  await Promise.race([aFanMissed.promise, playing]);
  await configure({ capacity: CAPACITY });
  await playing;

  expect(await room()).toMatchObject({ state: 'ENDED', drawCommitment: waitingRoom.drawCommitment });
  await expectSoldToAdmitted(event);
  await expectNeverTooMany(event);
  await expectHeardAll(event, fans);
  await expectFairDraw(fans, waitingRoom.drawCommitment);
  await expectAllInvariants(system);
});

async function expectSoldToAdmitted({ eventId }: SeededEvent): Promise<void> {
  const [inventory] = await db.execute(
    sql`select available, held, booked from seat_inventories where event_id = ${eventId}`,
  );
  expect(inventory).toEqual({ available: 0, held: 0, booked: SEATS });
  const strangers = await db.execute(sql`
    select b.id from bookings b where b.event_id = ${eventId} and not exists (
      select 1 from waiting_room_sessions s where s.event_id = b.event_id and s.user_id = b.user_id
        and s.entered_at <= b.created_at and (s.ended_at is null or s.ended_at >= b.created_at))`);
  expect([...strangers]).toEqual([]);
}

async function expectNeverTooMany({ eventId }: SeededEvent): Promise<void> {
  const [most] = await db.execute<{ entered: number; inside: number; over: number }>(sql`
    select max(inside)::int as inside, count(*) filter (where change = 1)::int as entered,
      count(*) filter (where inside > capacity)::int as over
    from (
      select change, capacity, sum(change) over (order by at, change rows unbounded preceding) as inside
      from (
        select entered_at as at, 1 as change, capacity_at_entry as capacity from waiting_room_sessions
        where event_id = ${eventId} and entered_at is not null
        union all
        select ended_at, -1, null from waiting_room_sessions
        where event_id = ${eventId} and entered_at is not null and ended_at is not null) moves) replay`);
  expect(most).toMatchObject({ over: 0 });
  expect(most?.inside, 'nearly all slots were taken').toBeGreaterThan(0.8 * SMALLER);
  expect(most?.inside).toBeLessThanOrEqual(CAPACITY);
  expect(most?.entered).toBeGreaterThan(SEATS / 2);
}

type Row = {
  userId: string;
  ordinal: number;
  leftAtMs: number | null;
  enteredAtMs: number | null;
  knockedAtMs: number | null;
};

/** The states that a place went through, by its rows. Two, if a turn ended in the same second as the room. */
function impliedBy(
  row: Row,
  room: { order: Uint32Array; steps: { watermark: number; atMs: number }[]; endedAtMs: number },
) {
  const position = room.order[row.ordinal] ?? row.ordinal + 1;
  const began = room.steps.find(({ watermark }) => watermark >= position)?.atMs;
  if (began === undefined || (row.leftAtMs ?? Number.POSITIVE_INFINITY) < began) return [['WAITING', 'LEFT']];
  const came = ['WAITING', 'YOUR_TURN'];
  if (row.enteredAtMs !== null) return [[...came, 'INSIDE', 'LEFT']];
  const stayedTooLong = [...came, 'LEFT'];
  const missed = [...came, 'MISSED'];
  const endsAtMs = Math.max(began, row.knockedAtMs ?? 0) + GRACE_SECONDS * 1000;
  if (Math.abs(endsAtMs - room.endedAtMs) < 1_000) return [stayedTooLong, missed];
  return endsAtMs < room.endedAtMs ? [missed] : [stayedTooLong];
}

async function expectHeardAll({ eventId }: SeededEvent, fans: readonly WaitingRoomFan[]): Promise<void> {
  const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
  const rows = await db.execute<Row>(sql`
    select p.user_id as "userId", p.ordinal, ${ms('p.left_at')} as "leftAtMs", ${ms('s.entered_at')} as "enteredAtMs",
      ${ms('s.knocked_at')} as "knockedAtMs"
    from waiting_room_places p left join waiting_room_sessions s using (event_id, ordinal) where event_id = ${eventId}`);
  const steps = await db.execute<{ watermark: number; atMs: number }>(sql`
    select watermark, ${ms('at')} as "atMs" from waiting_room_steps where event_id = ${eventId} order by watermark`);
  const [room] = await db.execute<{ secret: string; entries: number; endedAtMs: number }>(sql`
    select draw_secret as secret, draw_entries as entries, ${ms('updated_at')} as "endedAtMs"
    from waiting_rooms where event_id = ${eventId}`);
  if (!room) throw new Error('There is no room.');
  expect(rows).toHaveLength(FANS);
  const history = { order: drawOrder(room.secret, room.entries), steps: [...steps], endedAtMs: room.endedAtMs };
  const statesOf = new Map<string, PlaceState[]>(fans.map(({ userId, states }) => [userId, states]));
  const wrong = rows.flatMap((row) => {
    const heard = statesOf.get(row.userId)?.join();
    const implied = impliedBy(row, history).map((states) => states.join());
    return heard !== undefined && implied.includes(heard) ? [] : [{ ...row, heard, implied }];
  });
  expect(wrong).toEqual([]);
  const goneBack = fans.filter(({ frames }) => {
    const ahead = frames.flatMap((frame) => frame.ahead ?? []);
    return ahead.some((count, index) => count > (ahead[index - 1] ?? FANS));
  });
  expect(goneBack.map(({ frames }) => frames)).toEqual([]);
  // All of it happened.
  const different = new Set([...statesOf.values()].map((states) => states.join()));
  for (const states of ['WAITING,LEFT', 'WAITING,YOUR_TURN,INSIDE,LEFT', 'WAITING,YOUR_TURN,MISSED'])
    expect([...different]).toContain(states);
}

async function expectFairDraw(fans: readonly WaitingRoomFan[], commitment: string): Promise<void> {
  const proofs = await Promise.all(
    fans.map(async (fan) => (await fan.ask(drawProofQuery, { eventId: fan.eventId })).drawProof),
  );
  const { secret, entries } = proofs[0];
  expect(entries).toBe(FANS);
  const order = drawOrder(secret, entries);
  expect(proofs).toEqual(
    proofs.map(({ ordinal }) => ({ ordinal, entries, commitment, secret, position: order[ordinal] })),
  );
  expect(new Set(proofs.map(({ ordinal }) => ordinal)).size).toBe(FANS);
  for (const [index, fan] of fans.entries())
    for (const { position } of fan.frames) if (position !== null) expect(position).toBe(proofs[index].position);
  // As a fan does it, with only the published script.
  for (const proof of proofs.slice(0, 3)) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/verify-draw.mjs'), commitment], {
      input: JSON.stringify({ data: { drawProof: proof } }),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }
}

/** Made by hand, like the first organizer of a system. */
async function signInOrganizer({ eventId }: SeededEvent): Promise<Fan> {
  const credentials = newCredentials();
  const { email, password } = credentials;
  const account = ['--role', 'organizer', '--email', email, '--password', password, '--event', eventId];
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'src/processes/account.ts'), ...account], {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: system.bookingUrl },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return signIn(system.apiUrl, credentials);
}
