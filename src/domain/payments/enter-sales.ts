import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import type { Credit } from '#db/payments/tables.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { creditsOf } from './credit-lines.ts';
import { BOOKING_FOLLOWER } from './open-payment.ts';

type Sold = DomainEventOf<'BookingConfirmed' | 'BoxOfficeSold'>;
type Refunded = DomainEventOf<'BoxOfficeRefunded'>;

/** Where the money of a sale is. Complimentary tickets cost nothing. */
const ACCOUNT_OF: Readonly<Record<string, string>> = {
  CASH: 'cash_drawer',
  CARD_TERMINAL: 'card_terminal',
  INVOICE: 'invoices',
};

/**
 * Enters what the box office sold, once, and what it has given back of it already. A booking that was paid online has
 * nothing to enter.
 */
export async function enterSale(
  { db }: { db: Db },
  { event, messageId }: { event: Sold; messageId: string },
): Promise<void> {
  const { sale, aggregateId: bookingId, eventId, confirmedAt } = event;
  if (!sale) return;
  const { organizationId, tender, currency, totalMinor } = sale;
  await inTransaction(db, 'enter-sale', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      await lockSale(tx, bookingId);
      const inserted = await tx.execute(sql`
        insert into box_office_sales (booking_id, event_id, organization_id, tender, currency, total_minor, sold_at)
        values (${bookingId}, ${eventId}, ${organizationId}, ${tender}, ${currency}, ${totalMinor}, ${confirmedAt})
        on conflict do nothing returning 1 as fresh`);
      if (inserted.length === 0) return;
      await enterHandMoney(tx, {
        ...{ subject: `sale ${bookingId}`, kind: 'SALE', bookingId, organizationId, tender, currency },
        ...{ occurredAt: confirmedAt, refundId: null, minor: totalMinor, credits: creditsOf(sale.split) },
      });
      const waiting = await tx.execute<{ event: Refunded; receivedAt: string }>(sql`
        delete from waiting_sale_refunds where booking_id = ${bookingId}
        returning event, to_json(received_at) #>> '{}' as "receivedAt"`);
      for (const refund of waiting) await enterRefund(tx, refund.event, refund.receivedAt);
    });
  });
}

/**
 * Enters what the box office gave back by hand, once. Never more than it sold. A refund of a sale that is not entered
 * yet waits for it.
 */
export async function enterSaleRefund(
  { db }: { db: Db },
  { event, messageId }: { event: Refunded; messageId: string },
): Promise<void> {
  const { aggregateId: bookingId, refundId } = event;
  await inTransaction(db, 'enter-sale-refund', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      await lockSale(tx, bookingId);
      if (await enterRefund(tx, event, new Date().toISOString())) return;
      await tx.execute(sql`
        insert into waiting_sale_refunds (refund_id, booking_id, event)
        values (${refundId}, ${bookingId}, ${JSON.stringify(event)}::jsonb) on conflict do nothing`);
    });
  });
}

/** Until the commit, so that a sale and a refund that are entered at the same time see each other. */
const lockSale = (tx: Tx, bookingId: string) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`sale ${bookingId}`}, 0))`);

/** False: the sale is not entered. */
async function enterRefund(tx: Tx, event: Refunded, occurredAt: string): Promise<boolean> {
  const { aggregateId: bookingId, refundId, organizationId, tender, currency, amountMinor, split } = event;
  const [sale] = await tx.execute(sql`
    update box_office_sales set refunded_minor = refunded_minor + ${amountMinor}
    where booking_id = ${bookingId} returning 1 as known`);
  if (!sale) return false;
  await enterHandMoney(tx, {
    ...{ subject: `sale refund ${refundId}`, kind: 'SALE_REFUND', bookingId, organizationId, tender, currency },
    ...{ occurredAt, refundId, minor: -amountMinor },
    credits: creditsOf(split).map((credit) => ({ ...credit, minor: -credit.minor })),
  });
  return true;
}

type HandMoney = {
  readonly subject: string;
  readonly kind: 'SALE' | 'SALE_REFUND';
  readonly bookingId: string;
  readonly refundId: string | null;
  readonly organizationId: string;
  readonly tender: string;
  readonly currency: string;
  readonly occurredAt: string;
  /** What the tender's account gets: negative when money goes back. */
  readonly minor: number;
  readonly credits: readonly Credit[];
};

/** An entry needs lines, so what cost nothing has none. Parts that are not the amount are one line for the organizer. */
async function enterHandMoney(tx: Tx, money: HandMoney): Promise<void> {
  const { subject, kind, bookingId, refundId, organizationId, currency, minor } = money;
  const account = ACCOUNT_OF[money.tender];
  if (minor === 0 || account === undefined) return;
  const isWhole = money.credits.reduce((sum, credit) => sum + credit.minor, 0) === minor;
  const credits: readonly Credit[] = isWhole ? money.credits : [{ account: 'organizer_payable', minor }];
  const lines = [{ account, minor }, ...credits.map((credit) => ({ ...credit, minor: -credit.minor }))];
  await tx.execute(sql`
    with entry as (
      insert into journal_entries (id, kind, booking_id, refund_id, organization_id, occurred_at)
      values (md5(${subject})::uuid, ${kind}, ${bookingId}, ${refundId}, ${organizationId}, ${money.occurredAt})
      returning id
    )
    insert into journal_lines (entry_id, line_no, account, name, organization_id, currency, amount_minor, booking_id, seat_no)
    select entry.id, l.no - 1, l.account, l.name, ${organizationId}::uuid, ${currency}, l.minor, ${bookingId}::uuid, l.seat
    from entry, rows from (jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
      as (account text, name text, minor bigint, seat integer)) with ordinality as l (account, name, minor, seat, no)`);
}
