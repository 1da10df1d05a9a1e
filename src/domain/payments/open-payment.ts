import { randomUUIDv7 } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { onceFor } from '#db/inbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { currentOrigin, type StoredOrigin, storedOrigin } from '#events/origin.ts';
import { firstCharacters } from '../text-rules.ts';
import { creditsOf } from './credit-lines.ts';
import type { PaymentGateway } from './gateway.ts';
import { SESSION_GRACE_SECONDS } from './payment-rules.ts';
import { insertFreePayment, insertPayment, type NewPayment } from './payment-statements.ts';

/** The name under which the payments service consumes the bookings' messages (inbox). */
export const BOOKING_FOLLOWER = 'follow-bookings';

/** The limits of the strictest gateway for the text above the lines and for one line. In UTF-16 code units. */
const LONGEST_DESCRIPTION = 500;
const LONGEST_LABEL = 250;

/**
 * A booking was made: creates its payment, once, and makes a session due. The gateway is not called here, so after
 * the commit a row says what is to be done, even if the process dies.
 */
export async function openPayment(
  needs: { db: Db; gateway: Pick<PaymentGateway, 'name'> },
  request: { event: DomainEventOf<'BookingCreated'>; messageId: string },
): Promise<void> {
  const { event, messageId } = request;
  const payment = newPayment(needs.gateway, event, storedOrigin(currentOrigin()));
  await inTransaction(needs.db, 'open-payment', async (tx) => {
    await onceFor(tx, { consumer: BOOKING_FOLLOWER, messageId }, async () => {
      if (event.totalMinor === 0) await insertFreePayment(tx, payment);
      else await insertPayment(tx, payment);
    });
  });
  failpoint('payments.row-stored');
}

/** The payment of a booking that was just made. */
export function newPayment(
  gateway: Pick<PaymentGateway, 'name'>,
  event: DomainEventOf<'BookingCreated'>,
  origin: StoredOrigin,
): NewPayment {
  const holdExpiresAt = new Date(event.holdExpiresAt);
  return {
    id: randomUUIDv7(),
    bookingId: event.aggregateId,
    eventId: event.eventId,
    amountMinor: event.totalMinor,
    currency: event.currency,
    description: firstCharacters(event.description, LONGEST_DESCRIPTION),
    lines: event.lines.map((line) => ({ ...line, label: firstCharacters(line.label, LONGEST_LABEL) })),
    organizationId: event.organizationId ?? null,
    credits: creditsOfTotal(event),
    gateway: gateway.name,
    holdExpiresAt,
    sessionExpiresAt: new Date(holdExpiresAt.getTime() + SESSION_GRACE_SECONDS * 1000),
    ...origin,
  };
}

/** Null for a message of an older release; and for a split that is not its total, whose capture must not fail for it. */
function creditsOfTotal({ split, totalMinor }: DomainEventOf<'BookingCreated'>): NewPayment['credits'] {
  if (!split) return null;
  const credits = creditsOf(split);
  const isWhole = credits.reduce((sum, { minor }) => sum + minor, 0) === totalMinor;
  return isWhole && credits.every(({ minor }) => minor > 0) ? credits : null;
}
