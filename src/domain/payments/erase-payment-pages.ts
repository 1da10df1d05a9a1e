import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

const ERASED_URL = 'https://erased.invalid/';

/**
 * Deletes the payment pages of these bookings, because a gateway may show on them what the fan typed. Amounts, states
 * and the gateway's references stay, because they are the books. A page that can still be paid stays until its
 * session has ended.
 */
export async function erasePaymentPages({ db }: { db: Db }, bookingIds: readonly string[]): Promise<void> {
  if (bookingIds.length === 0) return;
  await db.execute(sql`
    update payments set payment_url = ${ERASED_URL}
    where booking_id = any (${sql.param([...bookingIds])}::uuid[]) and payment_url is not null
      and status not in ('CREATING_SESSION', 'SESSION_CREATED') and payment_url <> ${ERASED_URL}`);
}
