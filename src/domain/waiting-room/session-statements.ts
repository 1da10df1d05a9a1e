import type { Db, Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { RoomSession } from './room.ts';

const ms = (column: string) => `(extract(epoch from s.${column}) * 1000)::float8`;

const SESSION = `s.ordinal, s.user_id as "userId", s.position, s.sign_in_id as "signInId",
  ${ms('knocked_at')} as "knockedAtMs", ${ms('called_at')} as "calledAtMs", ${ms('entered_at')} as "enteredAtMs",
  ${ms('expires_at')} as "expiresAtMs", ${ms('ended_at')} as "endedAtMs"`;

/** A fan who uses an admission: `position` belongs to the ordinal. */
export type Comer = {
  readonly ordinal: number;
  readonly position: number;
  readonly userId: string;
  readonly signInId: string;
};

export type KnownComer = {
  readonly ordinal: number;
  /** The place still belongs to this viewer. */
  readonly hasPlace: boolean;
  /** The turn runs, or the viewer is at the door. */
  readonly isTurn: boolean;
  readonly session: RoomSession | null;
};

/** A request that was sent just before the end of the turn may be read a little after it. */
const ON_THE_WAY_SECONDS = 5;

/** What is known about those who come, with their ordinals. */
export async function readComers(tx: Tx, eventId: string, comers: readonly Comer[]): Promise<KnownComer[]> {
  const rows = await prepared<{ isTurn: boolean; hasPlace: boolean; asked: number } & RoomSession>(tx, READ_COMERS, [
    eventId,
    ...columnsOf(comers).slice(0, 3),
    ON_THE_WAY_SECONDS,
  ]);
  return rows.map(({ isTurn, hasPlace, asked, ...session }) => ({
    ordinal: asked,
    hasPlace,
    isTurn,
    session: session.ordinal === null ? null : session,
  }));
}

const READ_COMERS = `
  select a.ordinal as asked, p.ordinal is not null as "hasPlace", ${SESSION},
    coalesce(greatest(step.at, s.knocked_at) > clock_timestamp() - make_interval(secs => r.grace_seconds + $5), false) as "isTurn"
  from unnest($2::int[], $3::uuid[], $4::int[]) as a (ordinal, user_id, position)
  join waiting_rooms r on r.event_id = $1
  left join waiting_room_places p on p.event_id = $1 and p.user_id = a.user_id and p.ordinal = a.ordinal and p.left_at is null
  left join waiting_room_sessions s on s.event_id = $1 and s.ordinal = a.ordinal
  left join lateral (
    select at from waiting_room_steps where event_id = $1 and watermark >= a.position order by watermark limit 1) step on true`;

export type AtDoor = { readonly ordinal: number; readonly position: number };

/**
 * How many are inside, and who is at the door: those who came, found the room full, and asked again within the grace
 * time.
 */
export async function readOccupancy(tx: Tx, eventId: string): Promise<{ inside: number; atDoor: readonly AtDoor[] }> {
  const [row] = await prepared<{ inside: number; atDoor: AtDoor[] }>(tx, OCCUPANCY, [eventId]);
  return row ?? { inside: 0, atDoor: [] };
}

const OCCUPANCY = `
  select count(*) filter (where s.entered_at is not null)::int as inside,
    coalesce(jsonb_agg(jsonb_build_object('ordinal', s.ordinal, 'position', s.position)) filter (
      where s.entered_at is null and s.knocked_at > clock_timestamp() - make_interval(secs => r.grace_seconds)), '[]') as "atDoor"
  from waiting_rooms r join waiting_room_sessions s using (event_id)
  where event_id = $1 and s.ended_at is null`;

/**
 * Writes who enters, and who is at the door now. Run it with the room's lock, after `readOccupancy`. A row that was
 * entered or ended before stays as it is, and is not returned.
 */
export async function writeComers(
  tx: Tx,
  eventId: string,
  comers: readonly Comer[],
  entering: ReadonlySet<number>,
): Promise<RoomSession[]> {
  const enters = plainArray(comers.map(({ ordinal }) => String(entering.has(ordinal))));
  return await prepared<RoomSession>(tx, WRITE_COMERS, [eventId, ...columnsOf(comers), enters]);
}

const WRITE_COMERS = `
  insert into waiting_room_sessions as s (event_id, ordinal, user_id, position, sign_in_id, knocked_at,
    entered_at, capacity_at_entry, expires_at)
  select $1, a.ordinal, a.user_id, a.position, a.sign_in_id, case when not a.enters then clock_timestamp() end,
    case when a.enters then clock_timestamp() end, case when a.enters then r.capacity end,
    case when a.enters then clock_timestamp() + make_interval(secs => r.session_seconds) end
  from unnest($2::int[], $3::uuid[], $4::int[], $5::uuid[], $6::bool[]) as a (ordinal, user_id, position, sign_in_id, enters)
  join waiting_rooms r on r.event_id = $1
  order by a.ordinal
  on conflict (event_id, ordinal) do update set sign_in_id = excluded.sign_in_id,
    knocked_at = coalesce(excluded.knocked_at, s.knocked_at), entered_at = excluded.entered_at,
    capacity_at_entry = excluded.capacity_at_entry, expires_at = excluded.expires_at
  where s.user_id = excluded.user_id and s.entered_at is null and s.ended_at is null
  returning ${SESSION}`;

const columnsOf = (comers: readonly Comer[]): string[] => [
  plainArray(comers.map(({ ordinal }) => ordinal)),
  plainArray(comers.map(({ userId }) => userId)),
  plainArray(comers.map(({ position }) => position)),
  plainArray(comers.map(({ signInId }) => signInId)),
];

/** By ordinal. */
export async function readSessions(
  db: Db | Tx,
  eventId: string,
  ordinals: readonly number[],
): Promise<Map<number, RoomSession>> {
  const rows = await prepared<RoomSession>(
    db,
    `select ${SESSION} from waiting_room_sessions s where s.event_id = $1 and s.ordinal = any($2::int[])`,
    [eventId, plainArray(ordinals)],
  );
  return new Map(rows.map((session) => [session.ordinal, session]));
}

export type Owner = { readonly ordinal: number; readonly signInId: string };

/**
 * Extends the sessions of fans who are inside under this sign-in by the session time of the room. Returns them by
 * ordinal.
 */
export async function extendSessions(
  tx: Tx,
  eventId: string,
  owners: readonly Owner[],
): Promise<Map<number, RoomSession>> {
  // All transactions that lock several sessions do it in the order of the ordinals.
  const inOrder = owners.toSorted((a, b) => a.ordinal - b.ordinal);
  const rows = await prepared<RoomSession>(tx, EXTEND, [
    eventId,
    plainArray(inOrder.map(({ ordinal }) => ordinal)),
    plainArray(inOrder.map(({ signInId }) => signInId)),
  ]);
  return new Map(rows.map((session) => [session.ordinal, session]));
}

// `end_reason` is null exactly as long as `ended_at` is, but the planner does not use the index of live sessions for
// it.
const EXTEND = `
  with live as (
    select s.ordinal from unnest($2::int[], $3::uuid[]) as a (ordinal, sign_in_id), lateral (
      select ordinal from waiting_room_sessions where event_id = $1 and ordinal = a.ordinal
        and sign_in_id = a.sign_in_id and entered_at is not null and end_reason is null for update) s)
  update waiting_room_sessions s set expires_at = greatest(s.expires_at, clock_timestamp() + (
    select make_interval(secs => session_seconds) from waiting_rooms where event_id = $1))
  where s.event_id = $1 and s.ordinal = any (array (select ordinal from live))
  returning ${SESSION}`;

/** Gives the live session of this viewer's place to another sign-in. */
export async function moveSession(
  db: Db,
  eventId: string,
  { ordinal, userId, signInId }: { ordinal: number; userId: string; signInId: string },
): Promise<RoomSession | undefined> {
  const [session] = await prepared<RoomSession>(
    db,
    `update waiting_room_sessions s set sign_in_id = $4
     where s.event_id = $1 and s.ordinal = $2 and s.user_id = $3 and s.end_reason is null returning ${SESSION}`,
    [eventId, ordinal, userId, signInId],
  );
  return session;
}

export type EndReason = 'CHECKOUT' | 'LEFT' | 'SILENT';

/**
 * Ends the live sessions of this viewer in the room, and returns their ordinals. A checkout ends only sessions that
 * were entered before it.
 */
/** Those of these events that have a waiting room. */
export async function listRooms(db: Db, eventIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (eventIds.length === 0) return new Set();
  const rows = await prepared<{ id: string }>(
    db,
    'select event_id as id from waiting_rooms where event_id = any ($1::uuid[])',
    [plainArray(eventIds)],
  );
  return new Set(rows.map(({ id }) => id));
}

export async function endSessions(
  db: Db,
  eventId: string,
  { userId, reason, beforeMs }: { userId: string; reason: EndReason; beforeMs?: number | undefined },
): Promise<number[]> {
  const rows = await prepared<{ ordinal: number }>(db, END, [eventId, userId, reason, beforeMs ?? null]);
  return rows.map(({ ordinal }) => ordinal);
}

const END = `
  update waiting_room_sessions set ended_at = clock_timestamp(), end_reason = $3
  where event_id = $1 and user_id = $2 and ended_at is null
    and ($4::float8 is null or entered_at <= to_timestamp($4::float8 / 1000))
    and ($3 <> 'CHECKOUT' or not exists (
      select from bookings b where b.event_id = $1 and b.user_id = $2 and b.status = 'PENDING_PAYMENT'))
  returning ordinal`;
