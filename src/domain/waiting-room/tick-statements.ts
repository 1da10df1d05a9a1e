import { BY_KEY } from '#db/by-key.ts';
import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { ChangedPlace } from './publish-room.ts';
import type { Progress, RoomState, Step } from './room.ts';

export type RoomRow = {
  readonly state: RoomState;
  readonly isPaused: boolean;
  readonly capacity: number;
  readonly graceSeconds: number;
  readonly joined: number;
  readonly watermark: number;
  readonly turnsOver: number;
  readonly progress: Partial<Progress>;
  /** The fence of the controller that wrote the room last. */
  readonly fence: number;
};

/** Nothing else is read here: see `lockRoom`. */
export async function lockForTick(tx: Tx, eventId: string): Promise<RoomRow | undefined> {
  const [, [row]] = await Promise.all([prepared(tx, BY_KEY, []), prepared<RoomRow>(tx, LOCK, [eventId])]);
  return row;
}

const LOCK = `
  select state, paused as "isPaused", capacity, grace_seconds as "graceSeconds", joined, watermark,
    turns_over as "turnsOver", progress, fence::float8 as fence
  from waiting_rooms where event_id = $1 for update`;

export type Due = {
  readonly nowMs: number;
  readonly isOpenDue: boolean;
  readonly isDrawDue: boolean;
  /** The event is cancelled, or its sale has ended. */
  readonly isSaleOver: boolean;
  readonly isSoldOut: boolean;
  /** Until the clock changes the room: its draw, or the end of the sale. */
  readonly nextInMs: number;
};

/** Which changes of the room the clock and the sale make due. */
export async function readDue(tx: Tx, eventId: string): Promise<Due | undefined> {
  const [row] = await prepared<Due>(tx, DUE, [eventId]);
  return row;
}

const DUE = `
  select (extract(epoch from clock.now) * 1000)::float8 as "nowMs", r.opens_at <= clock.now as "isOpenDue",
    r.draw_at <= clock.now as "isDrawDue", e.status = 'CANCELLED' or e.off_sale_at <= clock.now as "isSaleOver",
    coalesce(i.available = 0 and i.held = 0, false) as "isSoldOut",
    (extract(epoch from least(case when r.state = 'OPEN' then r.draw_at end, e.off_sale_at) - clock.now) * 1000)::float8
      as "nextInMs"
  from (select clock_timestamp() as now) clock, waiting_rooms r
  join events e on e.id = r.event_id left join seat_inventories i on i.event_id = r.event_id
  where r.event_id = $1`;

/** After a hold has ended, its payment page needs a moment to return the fan. */
const AFTER_HOLD_SECONDS = 30;

/** A fan who pays stays inside for as long as the hold lasts. */
export async function extendPaying(tx: Tx, eventId: string): Promise<void> {
  await prepared(tx, EXTEND_PAYING, [eventId, AFTER_HOLD_SECONDS]);
}

// All transactions that lock several sessions do it in the order of the ordinals.
const EXTEND_PAYING = `
  with paying as (
    select s.ordinal, pending.until from waiting_room_sessions s, lateral (
      select max(hold_expires_at) + make_interval(secs => $2) as until from bookings b
      where b.event_id = s.event_id and b.user_id = s.user_id and b.status = 'PENDING_PAYMENT') pending
    where s.event_id = $1 and s.entered_at is not null and s.ended_at is null and s.expires_at < pending.until
    order by s.ordinal for update of s)
  update waiting_room_sessions s set expires_at = greatest(s.expires_at, (
    select until from paying where paying.ordinal = s.ordinal))
  where s.event_id = $1 and s.ordinal = any (array (select ordinal from paying))`;

/** Ends the sessions without activity, except those of fans who pay. */
export async function endSilent(tx: Tx, eventId: string): Promise<ChangedPlace[]> {
  return await prepared<ChangedPlace>(tx, END_SILENT, [eventId]);
}

const END_SILENT = `
  with silent as (
    select s.ordinal from waiting_room_sessions s
    where s.event_id = $1 and s.entered_at is not null and s.ended_at is null and s.expires_at <= clock_timestamp()
      and not exists (select from bookings b
        where b.event_id = s.event_id and b.user_id = s.user_id and b.status = 'PENDING_PAYMENT')
    order by s.ordinal for update of s)
  update waiting_room_sessions s set ended_at = clock_timestamp(), end_reason = 'SILENT'
  where s.event_id = $1 and s.ordinal = any (array (select ordinal from silent))
  returning s.user_id as "userId", s.ordinal`;

export type Measure = {
  readonly inside: number;
  /** In order of position; `isCalled`: the fan was called in a moment ago. */
  readonly atDoor: readonly { readonly ordinal: number; readonly isCalled: boolean }[];
  /** Positions up to here had their turn. */
  readonly turnsOver: number;
  /** Of the turns that are not over, how many were used. */
  readonly taken: number;
  /** Of the last ten minutes. */
  readonly resolved: { readonly turns: number; readonly came: number };
  /** Of the turns that ended since the last tick, how many were used. Earlier ones are counted already. */
  readonly takenSince: number;
  /** The steps of the last ten minutes or of the grace time, whichever is longer, and the one before them. */
  readonly steps: readonly Step[];
};

/** A call that the fan does not follow is repeated after so many seconds. */
const CALL_EVERY_SECONDS = 5;

export async function measure(tx: Tx, eventId: string): Promise<Measure | undefined> {
  const [row] = await prepared<Measure>(tx, MEASURE, [eventId, CALL_EVERY_SECONDS]);
  return row;
}

// Steps are searched from the end, because the ones that are needed are there.
const stepBefore = (instant: string) => `coalesce((
  select watermark from waiting_room_steps where event_id = r.event_id and at <= ${instant} order by watermark desc limit 1), 0)`;
const sessionsWith = (condition: string) =>
  `(select count(*)::int from waiting_room_sessions s where s.event_id = turns.event_id and ${condition})`;

const MEASURE = `
  with turns as (
    select r.event_id, r.watermark, r.turns_over, r.grace_seconds, now,
      ${stepBefore('now - make_interval(secs => r.grace_seconds)')} as over,
      ${stepBefore("now - make_interval(secs => r.grace_seconds) - interval '10 minutes'")} as over_before
    from waiting_rooms r, clock_timestamp() as now where r.event_id = $1
  ), live as (
    select ordinal, position, entered_at is not null as is_inside,
      entered_at is null and knocked_at > now - make_interval(secs => grace_seconds) as is_at_door,
      coalesce(called_at > now - make_interval(secs => $2), false) as is_called
    from turns join waiting_room_sessions s using (event_id) where ended_at is null
  )
  select turns.over as "turnsOver", (select count(*)::int from live where is_inside) as inside,
    (select coalesce(jsonb_agg(jsonb_build_object('ordinal', ordinal, 'isCalled', is_called) order by position), '[]')
     from live where is_at_door) as "atDoor",
    ${sessionsWith('s.position > turns.over and s.position <= turns.watermark')} as taken,
    ${sessionsWith('s.position > turns.turns_over and s.position <= turns.over')} as "takenSince",
    jsonb_build_object('turns', turns.over - turns.over_before, 'came', ${sessionsWith(
      `s.position > turns.over_before and s.position <= turns.over
        and (s.entered_at is not null or s.knocked_at is not null)`,
    )}) as resolved,
    (select coalesce(jsonb_agg(jsonb_build_object(
         'watermark', watermark, 'atMs', (extract(epoch from at) * 1000)::float8) order by watermark), '[]')
     from waiting_room_steps s where s.event_id = turns.event_id and s.watermark >= coalesce((
       select watermark from waiting_room_steps where event_id = turns.event_id
         and at < turns.now - greatest(interval '10 minutes', make_interval(secs => turns.grace_seconds))
       order by watermark desc limit 1), 0)) as steps
  from turns`;

export type NextRoom = {
  readonly state: RoomState;
  readonly isDrawnNow: boolean;
  readonly watermark: number;
  readonly turnsOver: number;
  readonly progress: Progress | Partial<Progress>;
};

/** False when a later holder of the lease has written this room. */
export async function writeRoom(tx: Tx, eventId: string, fence: number, next: NextRoom): Promise<boolean> {
  const { state, isDrawnNow, watermark, turnsOver, progress } = next;
  const params = [eventId, fence, state, isDrawnNow, watermark, turnsOver, JSON.stringify(progress)];
  return (await prepared(tx, WRITE, params)).count === 1;
}

const WRITE = `
  with step as (
    insert into waiting_room_steps (event_id, watermark, at)
    select event_id, $5, clock_timestamp() from waiting_rooms where event_id = $1 and fence <= $2 and watermark < $5)
  update waiting_rooms set state = $3, draw_entries = case when $4 then joined else draw_entries end,
    drawn_at = case when $4 then clock_timestamp() else drawn_at end, watermark = greatest(watermark, $5),
    turns_over = greatest(turns_over, $6), progress = $7::text::jsonb, fence = $2, version = version + 1,
    updated_at = clock_timestamp()
  where event_id = $1 and fence <= $2
  returning version`;

/** Notes that a slot is free for these fans, and returns their places. */
export async function callIn(tx: Tx, eventId: string, ordinals: readonly number[]): Promise<ChangedPlace[]> {
  return await prepared<ChangedPlace>(
    tx,
    `update waiting_room_sessions set called_at = clock_timestamp()
     where event_id = $1 and ordinal = any($2::int[]) and entered_at is null and end_reason is null
     returning user_id as "userId", ordinal`,
    [eventId, plainArray(ordinals)],
  );
}
