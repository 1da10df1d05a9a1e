import postgres from 'postgres';
import type { Tender } from '#domain/tender-rules.ts';
import { instant } from '../history.ts';

/** A ticket of a booking, as it was sold. */
export type SoldLine = {
  readonly seatNo: number;
  readonly priceMinor: number;
  readonly feeMinor: number;
  /** The keys of its price level and ticket type. */
  readonly level: string;
  readonly type: string;
};

export type SoldBooking = {
  readonly id: string;
  readonly event: string;
  readonly totalMinor: number;
  readonly feeMinor: number;
  /** Of a sale at the box office. */
  readonly tender?: Tender | null;
  readonly lines: readonly SoldLine[];
};

type ListFee = { readonly perTicketMinor?: number; readonly perBookingMinor?: number };

/** A price list, by which its event was sold from the moment of its commit to that of the next one. */
export type PriceListFact = {
  readonly event: string;
  readonly levels: readonly {
    readonly key: string;
    readonly name: string;
    readonly prices: readonly { readonly ticketType: string; readonly amountMinor: number }[];
    readonly fees?: readonly ListFee[];
  }[];
  readonly fees: readonly ListFee[];
  /** By seat, the place of its level in `levels`. Null: each seat is of the level that its line names. */
  readonly seatLevels: Uint8Array | null;
};

/** A seat that an allocation has, or an allocation without seats. */
export type AllocatedSeat = { readonly event: string; readonly name: string; readonly seatNo: number | null };

/** What was sold and at which prices, and what is left of allocations, when everything is quiet. */
export type SaleFacts = {
  /** When the facts were read. */
  readonly at: number;
  readonly bookings: readonly SoldBooking[];
  /** In the order in which they were set. */
  readonly lists: readonly PriceListFact[];
  readonly allocated: readonly AllocatedSeat[];
};

export async function readSaleFacts(url: string): Promise<SaleFacts> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.begin('isolation level repeatable read read only', async (tx) => {
      const at = instant();
      const bookings = await tx<SoldBooking[]>`
        select b.id, b.event_id as event, b.total_minor::float8 as "totalMinor", b.fee_minor::float8 as "feeMinor", b.tender, json_agg(
          json_build_object('seatNo', s.seat_no, 'priceMinor', s.price_minor, 'feeMinor', s.fee_minor,
            'level', s.line ->> 'level', 'type', s.line ->> 'type')) as lines
        from bookings b join booking_seats s on s.booking_id = b.id
        -- The lines of refunded tickets have left their booking.
        where not exists (select from booking_refunds r where r.booking_id = b.id and r.requested_by is not null)
        group by b.id`;
      const lists = await tx<PriceListFact[]>`
        select event_id as event, content -> 'levels' as levels, content -> 'fees' as fees, seat_levels as "seatLevels"
        from price_lists order by event_id, version`;
      const allocated = await tx<AllocatedSeat[]>`
        select event_id as event, name, null::int as "seatNo" from allocations
        union all select event_id, allocation, seat_no from event_seats where allocation is not null`;
      return { at, bookings, lists, allocated };
    });
  } finally {
    await sql.end();
  }
}
