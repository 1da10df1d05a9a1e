import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';

/** The job of a cancelled event, as this process has it. */
export type CancellationJob = {
  readonly eventId: string;
  readonly refundFees: boolean;
  /** The last booking of the pass so far; null at its beginning. */
  readonly cursor: string | null;
};

type Owner = { readonly owner: string; readonly leaseSeconds: number };

/** Takes the oldest job that no other process has; undefined when there is none. */
export async function claimJob(db: Db, { owner, leaseSeconds }: Owner): Promise<CancellationJob | undefined> {
  const [job] = await prepared<CancellationJob>(db, CLAIM, [owner, leaseSeconds]);
  return job;
}

const CLAIM = `
  update event_cancellations c
  set leased_by = $1::uuid, leased_until = clock_timestamp() + make_interval(secs => $2::float8)
  from (
    select event_id from event_cancellations
    where state = 'RUNNING' and coalesce(leased_until, '-infinity') <= clock_timestamp()
    order by created_at limit 1 for update skip locked) due
  where c.event_id = due.event_id
  returning c.event_id as "eventId", c.refund_fees as "refundFees", c.cursor`;

/** In how many milliseconds the next job can be taken: 0 or less, now; undefined without a job. */
export async function nextJobInMs(db: Db): Promise<number | undefined> {
  const [next] = await prepared<{ ms: number | null }>(db, NEXT, []);
  return next?.ms ?? undefined;
}

const NEXT = `
  select (extract(epoch from min(coalesce(leased_until, created_at)) - clock_timestamp()) * 1000)::float8 as ms
  from event_cancellations where state = 'RUNNING'`;

type Mine = { readonly eventId: string; readonly owner: string };

/** Notes how far the pass has come and keeps the job; false when another process has it. */
export async function moveCursor(
  db: Db,
  { eventId, owner }: Mine,
  { cursor, leaseSeconds }: { cursor: string; leaseSeconds: number },
): Promise<boolean> {
  const { count } = await prepared(db, MOVE, [eventId, owner, cursor, leaseSeconds]);
  return count === 1;
}

const MOVE = `
  update event_cancellations
  set cursor = $3::uuid, leased_until = clock_timestamp() + make_interval(secs => $4::float8)
  where event_id = $1::uuid and leased_by = $2::uuid`;

/**
 * Ends the pass. The job is done when no booking is left; otherwise another pass begins after `againSeconds`. `failed`: the
 * bookings that could not be ended in this pass.
 */
export async function endPass(
  db: Db,
  { eventId, owner }: Mine,
  { failed, againSeconds }: { failed: number; againSeconds: number },
): Promise<void> {
  await prepared(db, END_PASS, [eventId, owner, failed, againSeconds]);
}

const END_PASS = `
  update event_cancellations set cursor = null, failed = $3::int, leased_by = null,
    state = case when is_left then 'RUNNING' else 'DONE' end,
    leased_until = case when is_left then clock_timestamp() + make_interval(secs => $4::float8) end,
    finished_at = case when is_left then null else clock_timestamp() end
  from (select exists (
    select from bookings where event_id = $1::uuid and status in ('PENDING_PAYMENT', 'CONFIRMED')) as is_left) l
  where event_id = $1::uuid and leased_by = $2::uuid`;

/** Lets any process take the job after so many seconds. */
export async function releaseJob(db: Db, { eventId, owner }: Mine, againSeconds: number): Promise<void> {
  await prepared(db, RELEASE, [eventId, owner, againSeconds]);
}

const RELEASE = `
  update event_cancellations
  set leased_by = null, leased_until = clock_timestamp() + make_interval(secs => $3::float8)
  where event_id = $1::uuid and leased_by = $2::uuid and state = 'RUNNING'`;

/** The next bookings of the event that have not ended, by their raw ids. */
export async function readLiveBookings(
  db: Db,
  { eventId, cursor }: Pick<CancellationJob, 'eventId' | 'cursor'>,
  most: number,
): Promise<string[]> {
  const rows = await prepared<{ id: string }>(db, LIVE, [eventId, cursor, most]);
  return rows.map(({ id }) => id);
}

const LIVE = `
  select id from bookings
  where event_id = $1::uuid and status in ('PENDING_PAYMENT', 'CONFIRMED') and ($2::uuid is null or id > $2::uuid)
  order by id limit $3::int`;
