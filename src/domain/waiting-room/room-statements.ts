import { BY_KEY } from '#db/by-key.ts';
import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { RoomState } from './room.ts';

export type LockedRoom = {
  readonly state: RoomState;
  readonly capacity: number;
  readonly watermark: number;
  readonly opensAtMs: number;
  /** At least 1, also for a room that is just opening. */
  readonly opensInSeconds: number;
};

/**
 * All transactions that change places or sessions of a room queue for its row. Nothing else is read here: a statement
 * that waited for a lock still sees the old snapshot of every other row. It may be sent together with the statement
 * that follows, which gets its own snapshot once the lock is held.
 */
export async function lockRoom(tx: Tx, eventId: string): Promise<LockedRoom | undefined> {
  const [, rows] = await Promise.all([prepared(tx, BY_KEY, []), prepared<LockedRoom>(tx, LOCK, [eventId])]);
  return rows[0];
}

const LOCK = `
  select state, capacity, watermark, (extract(epoch from opens_at) * 1000)::float8 as "opensAtMs",
    greatest(1, ceil(extract(epoch from opens_at - clock_timestamp())))::int as "opensInSeconds"
  from waiting_rooms where event_id = $1 for update`;

export type Applicant = {
  readonly userId: string;
  /** The ordinal of the applicant's place that is over. */
  readonly replacing: number | null;
  readonly addressKey?: string | undefined;
};

export type GivenPlace = { readonly ordinal: number; readonly isNew: boolean };

/** Another transaction gave out the same ordinals or places, which is only possible without the room's lock. */
export class StaleRoom extends Error {}

/**
 * Gives places in the order of the applicants. An applicant who has one keeps it, unless it was left or is to be
 * replaced; the place of a viewer who is inside is never replaced. Null for an applicant whose address has
 * `perAddress` places already. Empty when the room cannot be joined now. Throws StaleRoom rather than give a viewer a
 * second place, or an ordinal to two viewers, should the lock be missing.
 */
export async function placeApplicants(
  tx: Tx,
  eventId: string,
  { applicants, perAddress }: { applicants: readonly Applicant[]; perAddress?: number | undefined },
): Promise<Map<string, GivenPlace | null>> {
  const rows = await prepared<{ userId: string; ordinal: number | null; isNew: boolean; isWritten: boolean }>(
    tx,
    PLACE,
    [
      eventId,
      plainArray(applicants.map(({ userId }) => userId)),
      plainArray(applicants.map(({ replacing }) => replacing)),
      plainArray(applicants.map(({ addressKey }) => (perAddress === undefined ? null : (addressKey ?? null)))),
      perAddress ?? 0,
    ],
  );
  if (rows.some((row) => row.isNew && !row.isWritten))
    throw new StaleRoom('Another process gave out the ordinals in the meantime.');
  return new Map(rows.map(({ userId, ordinal, isNew }) => [userId, ordinal === null ? null : { ordinal, isNew }]));
}

const PLACE = `
  with room as (
    select joined from waiting_rooms
    where event_id = $1 and (state in ('OPEN', 'DRAWN') or (state = 'CLOSED' and opens_at <= clock_timestamp()))
  ), asked as (
    select a.user_id, min(a.n) as n, max(a.replacing) as replacing, (array_agg(a.address_key order by a.n))[1] as address_key
    from unnest($2::uuid[], $3::int[], $4::uuid[]) with ordinality as a (user_id, replacing, address_key, n) group by a.user_id
  ), known as (
    select a.user_id, a.n, a.address_key, p.ordinal, p.left_at is null and (p.ordinal is distinct from a.replacing or exists (
        select from waiting_room_sessions s where s.event_id = $1 and s.ordinal = p.ordinal
          and s.entered_at is not null and s.end_reason is null)) as stays
    from asked a left join waiting_room_places p on p.event_id = $1 and p.user_id = a.user_id
  ), wanted as (
    select k.*, row_number() over (partition by k.address_key order by k.n) as nth
    from known k, room where k.ordinal is null or not k.stays
  ), taken as (
    select a.address_key, (
      select count(*) from waiting_room_places p
      where p.event_id = $1 and p.address_key = a.address_key and p.left_at is null
        and not exists (select from wanted w where w.user_id = p.user_id)
        and not exists (select from waiting_room_sessions s
          where s.event_id = $1 and s.ordinal = p.ordinal and s.ended_at is not null)) as places
    from (select distinct address_key from wanted where address_key is not null) as a
  ), refused as (
    select w.user_id from wanted w join taken t on t.address_key = w.address_key where t.places + w.nth > $5::int
  ), fresh as (
    select w.user_id, w.ordinal as old, w.address_key, (room.joined + row_number() over (order by w.n) - 1)::int as ordinal
    from wanted w, room where not exists (select from refused r where r.user_id = w.user_id)
  ), written as (
    insert into waiting_room_places as p (event_id, user_id, ordinal, address_key)
    select $1, user_id, ordinal, address_key from fresh order by ordinal
    on conflict (event_id, user_id) do update set ordinal = excluded.ordinal, joined_at = clock_timestamp(), left_at = null,
      address_key = excluded.address_key
    where p.ordinal = (select old from fresh f where f.user_id = excluded.user_id)
    returning 1
  ), counted as (
    update waiting_rooms r set joined = r.joined + (select count(*) from fresh)
    from room where r.event_id = $1 and r.joined = room.joined and exists (select from fresh)
    returning 1
  )
  select user_id as "userId", ordinal, true as "isNew",
    exists (select from counted) and (select count(*) from written) = (select count(*) from fresh) as "isWritten" from fresh
  union all
  select user_id, null, false, true from refused
  union all
  select k.user_id, k.ordinal, false, true from known k, room where k.ordinal is not null and k.stays`;
