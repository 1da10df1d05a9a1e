import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { drawOrder } from '#domain/waiting-room/draw-rules.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { type AtStep, firstReaching } from '#test/fans/room-crowd/arrivals.ts';
import type { KnownPlace } from '#test/fans/room-crowd/crowd-process.ts';

/** A request just before the end of the turn may be recorded this much later. */
const ON_THE_WAY_SECONDS = 5;

/** Promises besides the invariants: each query finds violations. */
const promises: Readonly<Record<string, (eventId: string) => ReturnType<typeof sql>>> = {
  'no fan entered after the turn': (eventId) => sql`
    select s.position, s.entered_at, t.began, s.knocked_at, s.called_at from waiting_room_sessions s join waiting_rooms r using (event_id)
    cross join lateral (select min(at) as began from waiting_room_steps w
      where w.event_id = s.event_id and w.watermark >= s.position) t
    where s.event_id = ${eventId} and s.entered_at is not null
      and s.entered_at > greatest(t.began, s.knocked_at, s.called_at)
        + make_interval(secs => r.grace_seconds + ${ON_THE_WAY_SECONDS})`,
  // A fan who entered left a slot for each better position that was at the door at that moment.
  'a slot went to the first at the door': (eventId) => sql`
    with moves as (
      select entered_at as at, 1 as change from waiting_room_sessions where event_id = ${eventId} and entered_at is not null
      union all
      select ended_at, -1 from waiting_room_sessions
      where event_id = ${eventId} and entered_at is not null and ended_at is not null),
    counted as (select distinct at, sum(change) over (order by at) as inside from moves)
    select e.position, e.entered_at, c.inside::int, e.capacity_at_entry as capacity, array_agg(d.position) as passed_over
    from waiting_room_sessions e join counted c on c.at = e.entered_at join waiting_rooms r using (event_id)
    join waiting_room_sessions d using (event_id)
    where e.event_id = ${eventId} and d.position < e.position
      and d.knocked_at < e.entered_at and d.knocked_at > e.entered_at - make_interval(secs => r.grace_seconds)
      and (d.entered_at is null or d.entered_at > e.entered_at)
      and (d.ended_at is null or d.ended_at > e.entered_at)
    group by e.position, e.entered_at, c.inside, e.capacity_at_entry
    having c.inside + count(*) > e.capacity_at_entry`,
  'no fan was admitted twice': (eventId) => sql`
    select user_id, count(*)::int from waiting_room_sessions where event_id = ${eventId}
    group by user_id having count(*) > 1`,
  'every place is its own, without a gap': (eventId) => sql`
    select count(*)::int as places, count(distinct ordinal)::int as ordinals, max(ordinal) as last
    from waiting_room_places where event_id = ${eventId}
    having count(*) <> count(distinct ordinal) or max(ordinal) + 1 <> count(*)`,
};

/** One line for each broken promise. */
export async function findBroken(
  { db, databaseUrl }: { db: Db; databaseUrl: string },
  eventId: string,
): Promise<string[]> {
  const broken: string[] = (await findViolations(databaseUrl)).map(
    ({ id, promise, rows }) => `${id} ${promise}: ${rows.length} rows, first ${JSON.stringify(rows[0])}`,
  );
  for (const [promise, query] of Object.entries(promises)) {
    const rows = await db.execute(query(eventId));
    if (rows.length > 0) broken.push(`${promise}: ${rows.length} rows, first ${JSON.stringify(rows[0])}`);
  }
  return broken;
}

export async function readSteps(db: Db, eventId: string): Promise<AtStep[]> {
  const rows = await db.execute<{ watermark: number; ms: number }>(sql`
    select watermark, (extract(epoch from at) * 1000)::float8 as ms from waiting_room_steps
    where event_id = ${eventId} order by watermark`);
  return rows.map(({ watermark, ms }) => [watermark, ms]);
}

type Row = {
  user_id: string;
  ordinal: number;
  has_left: boolean;
  knocked: number | null;
  entered: number | null;
  ended: number | null;
  now: number;
};
type RoomRow = { draw_secret: string; draw_entries: number | null; watermark: number; grace_seconds: number };

/** Every fan's place by PostgreSQL and the published secret, computed here independently. */
async function readTruth(db: Db, eventId: string) {
  const [room] = await db.execute<RoomRow>(sql`
    select draw_secret, draw_entries, watermark, grace_seconds from waiting_rooms where event_id = ${eventId}`);
  if (!room) throw new Error('There is no room.');
  const steps = await readSteps(db, eventId);
  const order = room.draw_entries === null ? undefined : drawOrder(room.draw_secret, room.draw_entries);
  const ms = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000)::float8`);
  const rows = await db.execute<Row>(sql`
    select p.user_id, p.ordinal, p.left_at is not null as has_left, ${ms('s.knocked_at')} as knocked,
      ${ms('s.entered_at')} as entered, ${ms('s.ended_at')} as ended, ${ms('statement_timestamp()')} as now
    from waiting_room_places p left join waiting_room_sessions s using (event_id, ordinal)
    where p.event_id = ${eventId}`);
  const stateOf = (row: Row, position: number): string => {
    if (row.has_left || row.ended !== null) return 'LEFT';
    if (row.entered !== null) return 'INSIDE';
    if (position > room.watermark) return 'WAITING';
    const began = steps[firstReaching(steps, position)]?.[1] ?? 0;
    const last = Math.max(began, row.knocked ?? 0);
    return row.now < last + room.grace_seconds * 1000 ? 'YOUR_TURN' : 'MISSED';
  };
  return new Map(
    rows.map((row) => {
      const position = order ? (order[row.ordinal] ?? row.ordinal + 1) : null;
      const state = position === null ? 'WAITING' : stateOf(row, position);
      const ahead = position === null ? null : Math.max(0, position - 1 - room.watermark);
      return [row.user_id, { state, position, ahead }] as const;
    }),
  );
}

/**
 * Ids of fans with a last frame from the api that differs from PostgreSQL. Frames are sent when the number ahead
 * fell by 5 %.
 */
export async function findWrongPlaces(
  db: Db,
  eventId: string,
  known: readonly KnownPlace[],
): Promise<Map<string, string>> {
  const truth = await readTruth(db, eventId);
  const wrong = new Map<string, string>();
  for (const { userId, state, position, ahead } of known) {
    const place = truth.get(userId);
    const isOff =
      state === 'WAITING' && Math.abs((ahead ?? 0) - (place?.ahead ?? 0)) >= Math.max(1, 0.05 * (ahead ?? 0));
    if (place?.state !== state || place?.position !== position || isOff)
      wrong.set(userId, `received ${JSON.stringify({ state, position, ahead })}, expected ${JSON.stringify(place)}`);
  }
  return wrong;
}
