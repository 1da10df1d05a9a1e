import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { SellCommand } from './inventory-command.ts';

/**
 * Writes how bookings that were made in this transaction were sold. A statement of its own, so that the insert of a hold
 * does not carry columns that only the box office has.
 */
export async function recordSales(tx: Tx, sold: readonly SellCommand[]): Promise<void> {
  await prepared(tx, RECORD_SALES, [
    plainArray(sold.map(({ bookingId }) => bookingId)),
    sold.map(({ sale }) => sale.tender),
    sold.map(({ sale }) => sale.tenderReference),
    sold.map(({ sale }) => sale.holderName),
    sold.map(({ sale }) => sale.holderEmail),
    plainArray(sold.map(({ soldBy }) => soldBy)),
  ]);
}

const RECORD_SALES = `update bookings b
  set tender = t.tender, tender_reference = t.reference, holder_name = t.holder_name, holder_email = t.holder_email,
    sold_by = t.sold_by
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[])
    as t (id, tender, reference, holder_name, holder_email, sold_by)
  where b.id = t.id`;
