import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { splitOf } from '../../pricing/split-of-booking.ts';
import type { PricedSeat, StoredCharges } from '../../pricing/stored-line-rules.ts';

/** Bookings that one transaction looks at. Few of them are of the box office. */
const PAGE = 1_000;

/**
 * Sends `BoxOfficeSold` for the next bookings that the box office sold before messages had the sale: each once, because
 * the cursor moves in the transaction of the messages. Returns whether more are left. Nothing is sent before
 * `older_sales.begins_at`, until when processes of the release before may run, which do not know this message.
 */
export async function announceOlderSales({ db }: { db: Db }, page = PAGE): Promise<boolean> {
  return inTransaction(db, 'older-sales', async (tx) => {
    // Another process that works on it has the lock.
    const [job] = await tx.execute<{ cursor: string; beginsAt: string }>(sql`
      select cursor, begins_at::text as "beginsAt" from older_sales
      where finished_at is null and begins_at <= now() for update skip locked`);
    if (!job) return false;
    const [next] = await tx.execute<{ cursor: string | null }>(sql`
      select max(id::text) as cursor from (
        select id from bookings where id > ${job.cursor} order by id limit ${page}) p`);
    const upTo = next?.cursor ?? null;
    const sold = upTo === null ? [] : await readSold(tx, { ...job, upTo });
    await appendToOutbox(tx, sold.map(messageOf));
    await tx.execute(sql`
      update older_sales set cursor = coalesce(${upTo}::uuid, cursor), announced = announced + ${sold.length},
        finished_at = case when ${upTo}::uuid is null then now() end`);
    return upTo !== null;
  });
}

type SoldBooking = {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  readonly organizationId: string;
  readonly tender: string;
  readonly totalMinor: number;
  readonly currency: string;
  readonly confirmedAt: string;
  readonly charges: StoredCharges | null;
  readonly seats: readonly PricedSeat[];
};

/** With the seats that were refunded since: they were sold as well. */
const readSold = (tx: Tx, of: { cursor: string; upTo: string; beginsAt: string }): Promise<readonly SoldBooking[]> =>
  tx.execute<SoldBooking>(sql`
    select b.id, b.event_id as "eventId", b.user_id as "userId", e.organization_id as "organizationId", b.tender,
      b.total_minor::float8 as "totalMinor", b.currency,
      to_char(b.confirmed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "confirmedAt", b.charges,
      (select json_agg(json_build_object('seatNo', s.seat_no, 'priceMinor', s.price_minor, 'feeMinor', s.fee_minor, 'line', s.line)
          order by s.seat_no)
        from (select seat_no, price_minor, fee_minor, line from booking_seats where booking_id = b.id
          union all select seat_no, price_minor, fee_minor, line from refunded_seats where booking_id = b.id) s) as seats
    from bookings b join events e on e.id = b.event_id
    where b.id > ${of.cursor} and b.id <= ${of.upTo} and b.tender is not null and b.confirmed_at is not null
      and b.created_at < ${of.beginsAt}::timestamptz
    order by b.id`);

function messageOf(booking: SoldBooking): DomainEventOf<'BoxOfficeSold'> {
  const { id: aggregateId, eventId, userId, confirmedAt, organizationId, tender, totalMinor, currency } = booking;
  return {
    type: 'BoxOfficeSold',
    ...{ aggregateId, eventId, userId, confirmedAt },
    sale: { organizationId, tender, totalMinor, currency, split: splitOf(booking) },
  };
}
