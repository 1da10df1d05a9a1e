import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { onceFor } from '#db/inbox.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import type { InboxMark } from '../inventory/inventory-read-statements.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import type { TicketSigner } from './ticket-code.ts';

export type ConfirmBookingNeeds = {
  readonly db: Db;
  readonly writer: InventoryWriter;
  readonly ticketSigner: Pick<TicketSigner, 'sign'>;
};

/** `refundDue`: the money cannot be used and is refunded; the booking's BookingConfirmationFailed says why. */
export type Confirmation = { readonly kind: 'confirmed' | 'retaken' | 'refundDue' | 'seenBefore' };

/**
 * Money has arrived: the fan gets the seats and the tickets. When the hold has ended, exactly the same seats are
 * taken again if they are free. The money is refunded, and the booking says so, when they are not free, when the
 * booking was cancelled or failed, or when the amount is not the booking's. A repeated message changes nothing. The
 * money of a booking that does not exist is refunded as well: the database was restored to a time before it.
 */
export async function confirmBooking(
  { db, writer, ticketSigner }: ConfirmBookingNeeds,
  paid: DomainEventOf<'PaymentSucceeded'>,
  inbox?: InboxMark,
): Promise<Confirmation> {
  const bookingId = paid.aggregateId;
  const rows = await db.execute<{ event_id: string; status: string; seat_no: number }>(sql`
    select b.event_id, b.status, s.seat_no from bookings b join booking_seats s on s.booking_id = b.id
    where b.id = ${bookingId} order by s.seat_no`);
  const eventId = rows[0]?.event_id;
  if (eventId === undefined) return sendBack(db, paid, inbox);
  // Signed before the write, so that other commands do not wait for the event's lock meanwhile.
  const tickets = rows
    .filter((row) => row.status === 'PENDING_PAYMENT' || row.status === 'EXPIRED')
    .map(({ seat_no: seatNo }) => {
      const id = randomUUIDv7();
      return { id, seatNo, code: ticketSigner.sign({ ticketId: id, eventId, seatNo }) };
    });
  const { amountMinor, currency } = paid;
  const answer = await writer.submit(
    eventId,
    { kind: 'confirm', bookingId, amountMinor, currency, tickets },
    inbox ? { inbox } : {},
  );
  switch (answer.kind) {
    case 'confirmed':
      return { kind: answer.retaken ? 'retaken' : 'confirmed' };
    case 'unconfirmable':
      return { kind: 'refundDue' };
    case 'seenBefore':
      return { kind: 'seenBefore' };
    default:
      throw new Error(`The confirmation of booking ${bookingId} had the unexpected result ${answer.kind}.`);
  }
}

async function sendBack(
  db: Db,
  { aggregateId, eventId }: DomainEventOf<'PaymentSucceeded'>,
  inbox: InboxMark | undefined,
): Promise<Confirmation> {
  const reason = 'UNKNOWN_BOOKING';
  const isNew = await inTransaction(db, 'sendBack', async (tx) => {
    const tell = () => appendToOutbox(tx, [{ type: 'BookingConfirmationFailed', aggregateId, eventId, reason }]);
    if (inbox) return onceFor(tx, inbox, tell);
    await tell();
    return true;
  });
  return { kind: isNew ? 'refundDue' : 'seenBefore' };
}
