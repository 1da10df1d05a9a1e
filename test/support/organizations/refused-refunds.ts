import { expect } from 'vitest';
import type { Db } from '#db/client.ts';
import type { Fan } from '#test/fans/fan.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import type { openAttempts } from '#test/support/http/attempts.ts';
import { seedSoldBooking } from './seed-sold-booking.ts';

type Needs = {
  readonly db: Db;
  readonly owner: Fan;
  readonly attempt: ReturnType<typeof openAttempts>['attempt'];
};

/** A booking that the box office of the owner's organization sold, and a request for its refund. */
export async function soldToRefund({ db, owner }: Pick<Needs, 'db' | 'owner'>) {
  const event = await seedEvent(db, { seats: 4, organizerId: owner.userId.replace('User_', '') });
  const bookingId = `Booking_${await seedSoldBooking(db, event.eventId)}`;
  return { event, refund: { bookingId, refundFees: true, reason: 'Ill', idempotencyKey: 'refund' } };
}

/** A refund, and each refusal that does not depend on the caller. */
export async function refundAndBeRefused({ owner, attempt }: Needs, refund: object): Promise<void> {
  const ask = (more: object = {}) => attempt('refundTickets', { ...refund, ...more }, owner);
  expect(await ask({ reason: ' ' })).toMatchObject({ code: 'INVALID_INPUT', field: 'reason' });
  expect(await ask({ ticketIds: ['x'] })).toMatchObject({ field: 'ticketIds' });
  const done = await ask();
  expect(done).toMatchObject({
    booking: {
      status: 'CANCELLED',
      tickets: [],
      refunded: { amountMinor: 5_000 },
      lines: [{ total: { amountMinor: 5_000 } }],
    },
    refund: { status: 'SUCCEEDED', reason: 'Ill', amount: { amountMinor: 5_000, currency: 'USD' } },
  });
  expect(done.refund.tickets).toMatchObject([{ status: 'VOID', ticketType: { key: 'standard' } }]);
  expect(await ask()).toEqual(done);
  expect(await ask({ refundFees: false })).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await ask({ idempotencyKey: 'again' })).toMatchObject({ code: 'NOT_REFUNDABLE', ticketIds: [] });
  const [ticket] = done.refund.tickets;
  expect(await ask({ idempotencyKey: 'again', ticketIds: [ticket.id] })).toMatchObject({ code: 'NOT_REFUNDABLE' });
}
