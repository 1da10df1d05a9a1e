import type { Ack } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import type { BookingFact } from './facts.ts';

/** The states that a booking may have reached since it was acknowledged. */
const kept: Record<Ack['what'], (booking: BookingFact) => boolean> = {
  held: () => true,
  confirmed: ({ status }) => status === 'CONFIRMED' || status === 'CANCELLED',
  cancelled: ({ status }) => status === 'CANCELLED',
  failed: ({ status }) => status === 'FAILED',
  refunding: ({ paymentStatus, hasFailedRefund = false }) =>
    paymentStatus === 'REFUND_PENDING' || paymentStatus === 'REFUNDED' || hasFailedRefund,
};

/** D1: every acknowledgement that a client wrote down is in the database after all crashes and failovers. */
export function checkDurability(acks: readonly Ack[], bookings: ReadonlyMap<string, BookingFact>): CheckResult {
  const findings = new Findings('D1', 'what was acknowledged is in the database');
  for (const { what, booking, user, event } of acks) {
    findings.looked += 1;
    const fact = bookings.get(booking);
    if (!fact) findings.broken(`booking ${booking}, acknowledged as ${what}, does not exist`);
    else if (fact.user !== user || fact.event !== event)
      findings.broken(
        `booking ${booking} is ${fact.user}’s at ${fact.event}, and was acknowledged to ${user} at ${event}`,
      );
    else if (!kept[what](fact))
      findings.broken(`booking ${booking}, acknowledged as ${what}, is ${fact.status} (${fact.paymentStatus})`);
  }
  return findings.result();
}
