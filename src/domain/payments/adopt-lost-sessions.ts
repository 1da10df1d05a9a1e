import { randomUUIDv7 } from 'node:crypto';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import type { GatewayName, GatewaySession, RecallingGateway } from './gateway.ts';
import { recordGatewayRefunds } from './gateway-refunds.ts';
import {
  adoptSession,
  insertPayment,
  lockPaymentOfBooking,
  markClosing,
  markInDoubt,
  type Payment,
  storeSession,
} from './payment-statements.ts';
import { recordSession } from './record-session-statements.ts';
import { askForWhole } from './refund-statements.ts';

type Needs = {
  readonly db: Db;
  readonly gateway: Pick<RecallingGateway, 'name' | 'findSessionsSince'>;
  /** Returns which of these bookings exist. */
  readonly knownBookings: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
};

/**
 * How many sessions had no payment, were refunded without our knowledge, or have an unclear end; the gateway is asked
 * about the last.
 */
export type Adopted = { readonly lost: number; readonly givenBack: number; readonly inDoubt: number };

/**
 * After a restore of the payments database to an earlier time, the gateway has done more than the database has. Each
 * unknown session becomes a payment, before the messages of its booking come again: they would otherwise count as a
 * booking that the gateway was never asked for. When the booking is unknown as well, it counts as ended: the session
 * is closed, or its money is refunded, in the usual way. Money that was refunded is refunded once more with the same
 * key, which has no further effect. Safe to repeat.
 */
export async function adoptLostSessions({ db, gateway, knownBookings }: Needs, since: Date): Promise<Adopted> {
  const adopted = { lost: 0, givenBack: 0, inDoubt: 0 };
  const sessions = await gateway.findSessionsSince({ since });
  const known = await knownBookings(sessions.flatMap(({ bookingId }) => bookingId ?? []));
  for (const session of sessions) {
    const { bookingId, eventId } = session;
    if (!bookingId || !eventId) continue;
    const found = await inTransaction(db, 'adopt-lost-session', async (tx) => {
      const payment = await lockPaymentOfBooking(tx, bookingId);
      if (payment) return compare(tx, payment, session);
      const lost = await insertLost(tx, gateway.name, { ...session, bookingId, eventId });
      if (!known.has(bookingId)) await markClosing(tx, lost);
      await takeOver(tx, lost, session);
      return 'lost';
    });
    if (found) adopted[found] += 1;
  }
  return adopted;
}

async function compare(tx: Tx, payment: Payment, session: GatewaySession): Promise<keyof Adopted | undefined> {
  if (session.refunds.some(({ status }) => status !== 'FAILED') && payment.status === 'PAYMENT_SUCCESS')
    return (await adoptRefunds(tx, payment, session)) ? 'givenBack' : undefined;
  if (session.status === 'OPEN' || !['SESSION_CREATED', 'PAYMENT_FAILED'].includes(payment.status)) return undefined;
  await markInDoubt(tx, payment);
  return 'inDoubt';
}

/** The whole capture is refunded once more with the same key; parts are taken over as they are. */
async function adoptRefunds(tx: Tx, payment: Payment, { refunds, capturedMinor }: GatewaySession): Promise<boolean> {
  const refunded = refunds.reduce((sum, { status, amountMinor }) => sum + (status === 'FAILED' ? 0 : amountMinor), 0);
  if (refunded < capturedMinor) return (await recordGatewayRefunds(tx, payment, refunds)) > 0;
  return (await askForWhole(tx, payment, 'RESTORED')) !== undefined;
}

async function insertLost(
  tx: Tx,
  gateway: GatewayName,
  { bookingId, eventId, amountMinor, currency, expiresAt }: GatewaySession & { bookingId: string; eventId: string },
): Promise<Payment> {
  const about = {
    bookingId,
    eventId,
    amountMinor,
    currency,
    description: '',
    lines: [],
    organizationId: null,
    credits: null,
  };
  const ends = { holdExpiresAt: expiresAt, sessionExpiresAt: expiresAt };
  await insertPayment(tx, { id: randomUUIDv7(), gateway, requestId: null, traceparent: null, ...about, ...ends });
  const payment = await lockPaymentOfBooking(tx, bookingId);
  if (!payment) throw new Error(`The payment of booking ${bookingId} was just inserted.`);
  return payment;
}

async function takeOver(tx: Tx, payment: Payment, session: GatewaySession): Promise<void> {
  const { reference, url } = session;
  if (session.status === 'OPEN' && url) {
    await storeSession(tx, payment, { reference, url, askAfterSeconds: 0 });
    return;
  }
  await adoptSession(tx, payment, reference);
  await recordSession(tx, { ...payment, gatewayReference: reference }, { ...session, at: new Date() });
}
