import postgres from 'postgres';
import { type PackedStatuses, packStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import type { Tender } from '#domain/tender-rules.ts';
import type { CompanionSeat } from '../clients/protocol.ts';
import type { Ack } from '../history.ts';
import { ownerOf } from './requests.ts';
import type { SaleFacts } from './sale-facts.ts';

export type BookingFact = {
  readonly id: string;
  readonly user: string;
  readonly event: string;
  readonly key: string;
  readonly status: string;
  readonly paymentStatus: string;
  /** Of a sale at the box office. */
  readonly tender?: Tender | null;
  /** The gateway or the organizer gave money of it back, a bank took it, or its event was cancelled. */
  readonly endsWithoutFan?: boolean;
  /** A refund of it has failed: the money is with us again. */
  readonly hasFailedRefund?: boolean;
};

/** What one version of an event did. `type` is that of its message. */
export type TransitionFact = {
  readonly version: number;
  readonly type: string;
  readonly booking: string;
  readonly user: string;
  readonly seats: readonly number[];
  /** Of SeatsAllocated. */
  readonly allocation?: string | null;
  /** It made a booking at the box office. */
  readonly isSale?: boolean;
};

export type SeatMapFact = { readonly version: number; readonly seatCount: number; readonly statuses: PackedStatuses };

/** Ids of published events with their versions in PostgreSQL and in the search index. */
export type SearchFacts = {
  readonly published: ReadonlyMap<string, number>;
  readonly indexed: ReadonlyMap<string, number>;
};

/** A query that must find nothing, with its result. */
export type QueryFact = { readonly id: string; readonly promise: string; readonly found: readonly string[] };

/**
 * Facts besides the history, read when everything is quiet. Without its facts a check does not run, and is missing
 * in the results.
 */
export type Facts = {
  readonly acks?: readonly Ack[];
  readonly bookings?: ReadonlyMap<string, BookingFact>;
  /** By event, in the order of versions, the first one first. */
  readonly transitions?: ReadonlyMap<string, readonly TransitionFact[]>;
  readonly maps?: ReadonlyMap<string, SeatMapFact>;
  readonly search?: SearchFacts;
  readonly sales?: SaleFacts;
  /** By event: companion seats and their wheelchair places. */
  readonly companions?: ReadonlyMap<string, readonly CompanionSeat[]>;
  /** The invariants, and everything else that must be empty at rest. */
  readonly queries?: readonly QueryFact[];
  readonly maxSeatsPerEvent?: number;
  readonly holdTtlMs?: number;
};

/** The bookings that may have ended, or lost a seat, without an action of the fan: above all those whose payment has failed. */
export const endedOf = (bookings: ReadonlyMap<string, BookingFact> = new Map()): Set<string> =>
  new Set(
    [...bookings.values()]
      .filter(({ status, endsWithoutFan }) => status === 'FAILED' || endsWithoutFan)
      .map(({ id }) => id),
  );

export const ownersOf = (bookings: ReadonlyMap<string, BookingFact> = new Map()): Map<string, string> =>
  new Map([...bookings.values()].map(({ id, user, key }) => [id, ownerOf(user, key)]));

/** Bookings, transitions and seat maps of a booking database, all from one snapshot. */
export async function readBookingSide(
  url: string,
): Promise<Required<Pick<Facts, 'bookings' | 'transitions' | 'maps'>>> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.begin('isolation level repeatable read read only', async (tx) => {
      const bookings = await tx<BookingFact[]>`
        select id, user_id as "user", event_id as event, idempotency_key as key, status, payment_status as "paymentStatus",
          tender, exists (select from booking_refunds r where r.booking_id = b.id and r.status = 'FAILED') as "hasFailedRefund",
          exists (select from booking_refunds r where r.booking_id = b.id and (r.origin = 'GATEWAY' or r.requested_by is not null))
            or exists (select from event_cancellations c where c.event_id = b.event_id) as "endsWithoutFan"
        from bookings b`;
      const transitions = await tx<(TransitionFact & { event: string })[]>`
        select event_id as event, (payload ->> 'version')::float8 as version, type, aggregateid as booking,
          payload ->> 'userId' as "user", payload -> 'seatNos' as seats, payload ->> 'allocation' as allocation
        from outbox where payload ? 'version' and payload ? 'seatNos' order by 1, 2`;
      const sold = new Set(bookings.filter(({ tender }) => tender !== null).map(({ id }) => id));
      const steps = transitions.map((step) => ({ ...step, isSale: sold.has(step.booking) }));
      return {
        bookings: new Map(bookings.map((booking) => [booking.id, booking])),
        transitions: Map.groupBy(steps, ({ event }) => event),
        maps: await readMaps(tx),
      };
    });
  } finally {
    await sql.end();
  }
}

async function readMaps(tx: postgres.TransactionSql): Promise<Map<string, SeatMapFact>> {
  const events = await tx<{ event: string; version: number; capacity: number }[]>`
    select event_id as event, version::float8 as version, capacity from seat_inventories`;
  const touched = await tx<{ event: string; status: string; seats: number[] }[]>`
    select event_id as event, status, array_agg(seat_no) as seats from event_seats where status <> 'AVAILABLE'
    group by event_id, status`;
  const byEvent = Map.groupBy(touched, ({ event }) => event);
  return new Map(
    events.map(({ event, version, capacity }) => {
      const seats = Object.fromEntries((byEvent.get(event) ?? []).map(({ status, seats: nos }) => [status, nos]));
      return [event, { version, seatCount: capacity, statuses: packStatuses(capacity, seats) }];
    }),
  );
}
