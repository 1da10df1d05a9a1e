import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { HoardingPolicy, Strikes } from './hoarding-policy-rules.ts';
import type { UnpaidOfAddress, UnpaidOfViewer, UnpaidState } from './unpaid-book-rules.ts';

export type Holder = { readonly userId: string; readonly addressKey?: string | undefined };

/**
 * What the holders have unpaid now. For one event that is certain, because its lock is held. Two events may be
 * written at the same time: for a viewer, the unique slot of an unpaid booking stops the second write; for an address
 * near its limit, a lock that lasts as long as the transaction does, after which it is read again. The first reads
 * are sent with the other statements of the write.
 */
export async function readUnpaid(
  tx: Tx,
  { policy, maxSeatsPerBooking }: { policy: HoardingPolicy; maxSeatsPerBooking: number },
  { holders, eventIds }: { holders: readonly Holder[]; eventIds: readonly string[] },
): Promise<UnpaidState> {
  const userIds = [...new Set(holders.map(({ userId }) => userId))];
  const keys = [...new Set(holders.flatMap(({ addressKey }) => addressKey ?? []))];
  const { maxSeatsPerAddress, maxSeatsPerViewer, addressShare, coolDown } = policy;
  const [viewers, addresses] = await Promise.all([
    userIds.length > 0 && (maxSeatsPerViewer !== undefined || coolDown) ? readViewers(tx, userIds) : [],
    keys.length > 0 && (maxSeatsPerAddress !== undefined || addressShare) ? readAddresses(tx, keys, eventIds) : [],
  ]);
  const lockFrom = (maxSeatsPerAddress ?? Number.POSITIVE_INFINITY) - HOLDS_AT_ONCE * maxSeatsPerBooking;
  const near = addresses.flatMap(([key, { seats }]) => (seats > lockFrom ? [key] : []));
  const again = near.length > 0 ? await readLocked(tx, near, eventIds) : [];
  return { viewers: new Map(viewers), addresses: new Map([...addresses, ...again]) };
}

/**
 * At most this many holds are decided at once for one address: rate limits let 300 through in 10 s, and some more
 * when several processes count. An address that is further below its limit needs no lock.
 */
const HOLDS_AT_ONCE = 375;

/** The second statement sees what the last holder of the lock has committed. */
async function readLocked(tx: Tx, keys: readonly string[], eventIds: readonly string[]) {
  const [, addresses] = await Promise.all([
    prepared(tx, LOCK_ADDRESSES, [plainArray(keys)]),
    readAddresses(tx, keys, eventIds),
  ]);
  return addresses;
}

const SEATS = 'coalesce(b.seat_count, (select count(*) from booking_seats s where s.booking_id = b.id))';

// One order everywhere, and after the events' locks, so that two writes cannot deadlock.
const LOCK_ADDRESSES = `
  select pg_advisory_xact_lock(hashtextextended(w.key::text, 7203412))
  from (select key from unnest($1::uuid[]) as k (key) order by key offset 0) as w`;

type StrikeColumns = { strikes: number | null; struckAtMs: number | null };

const strikesOf = ({ strikes, struckAtMs }: StrikeColumns): Strikes => ({ count: strikes ?? 0, atMs: struckAtMs ?? 0 });

async function readViewers(tx: Tx, userIds: readonly string[]): Promise<(readonly [string, UnpaidOfViewer])[]> {
  const rows = await prepared<ViewerRow>(tx, VIEWERS, [plainArray(userIds)]);
  return rows.map((row) => {
    const { userId, seats, slots, firstEndsAtMs } = row;
    return [userId, { seats, slots: slots ?? [], firstEndsAtMs, strikes: strikesOf(row) }] as const;
  });
}

type ViewerRow = StrikeColumns & {
  userId: string;
  seats: number;
  slots: number[] | null;
  firstEndsAtMs: number | null;
};

const VIEWERS = `
  select w.user_id as "userId", u.seats, u.slots, u.ends_ms as "firstEndsAtMs",
    h.strikes, (extract(epoch from h.struck_at) * 1000)::float8 as "struckAtMs"
  from unnest($1::uuid[]) as w (user_id)
  cross join lateral (
    select coalesce(sum(${SEATS}), 0)::int as seats,
      array_agg(b.unpaid_slot::int) filter (where b.unpaid_slot is not null) as slots,
      (extract(epoch from min(b.hold_expires_at)) * 1000)::float8 as ends_ms
    from bookings b where b.user_id = w.user_id and b.status = 'PENDING_PAYMENT') as u
  left join hold_strikes h on h.holder = w.user_id`;

async function readAddresses(
  tx: Tx,
  keys: readonly string[],
  eventIds: readonly string[],
): Promise<(readonly [string, UnpaidOfAddress])[]> {
  const rows = await prepared<AddressRow>(tx, ADDRESSES, [plainArray(keys), plainArray(eventIds)]);
  return [...Map.groupBy(rows, ({ addressKey }) => addressKey)].map(([addressKey, own]) => {
    const seats = own.reduce((sum, row) => sum + row.seats, 0);
    const atEvents = own.flatMap((row) => (row.eventId === null ? [] : [[row.eventId, row.seats] as const]));
    const strikes = own[0] ? strikesOf(own[0]) : strikesOf({ strikes: 0, struckAtMs: 0 });
    return [addressKey, { seats, seatsByEvent: new Map(atEvents), strikes }] as const;
  });
}

type AddressRow = StrikeColumns & { addressKey: string; eventId: string | null; seats: number };

/**
 * A row for each of the write's events, and one for all others together; an address without holds gets a row without
 * an event.
 */
const ADDRESSES = `
  select w.key as "addressKey", u.event_id as "eventId", coalesce(u.seats, 0)::int as seats,
    h.strikes, (extract(epoch from h.struck_at) * 1000)::float8 as "struckAtMs"
  from unnest($1::uuid[]) as w (key)
  left join lateral (
    select case when b.event_id = any ($2::uuid[]) then b.event_id end as event_id, sum(${SEATS}) as seats
    from bookings b where b.address_key = w.key and b.status = 'PENDING_PAYMENT' group by 1) as u on true
  left join hold_strikes h on h.holder = w.key`;

export type Endings = {
  /** Bookings whose holds ended unpaid, and not by our fault. */
  readonly unpaid: readonly string[];
  readonly paid: readonly string[];
};

/**
 * Counts the endings of holds. Must be sent before the update of the bookings, which deletes their address. A payment
 * clears the record of its viewer, and removes as many seats from the record of its address.
 */
export async function recordEndings(
  tx: Tx,
  { unpaid, paid }: Endings,
  { nowMs, halfLifeSeconds }: { nowMs: number; halfLifeSeconds: number },
): Promise<void> {
  await prepared(tx, RECORD_ENDINGS, [plainArray(unpaid), plainArray(paid), nowMs, halfLifeSeconds]);
}

// Rows are locked in one order by the one statement that writes them. A payment adds no holder to the record.
const RECORD_ENDINGS = `
  with ended as (
    select b.user_id, b.address_key, ${SEATS} as seats, u.is_paid
    from (select id, false as is_paid from unnest($1::uuid[]) as i (id)
          union all select id, true from unnest($2::uuid[]) as i (id)) as u
    join bookings b on b.id = u.id
  ), counted as (
    select user_id as holder, sum(case when is_paid then -1e6 else 1 end) as change from ended group by user_id
    union all
    select address_key, sum(case when is_paid then -seats else seats end) from ended
    where address_key is not null group by address_key
  )
  insert into hold_strikes as h (holder, strikes, struck_at)
  select holder, greatest(0, change), to_timestamp($3::float8 / 1000) from counted
  where change > 0 or exists (select from hold_strikes k where k.holder = counted.holder)
  order by holder
  on conflict (holder) do update set
    strikes = greatest(0, (select c.change from counted c where c.holder = h.holder) + h.strikes
      * power(0.5, greatest(0, extract(epoch from excluded.struck_at - h.struck_at)) / $4::float8)),
    struck_at = greatest(h.struck_at, excluded.struck_at)`;
