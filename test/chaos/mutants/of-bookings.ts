import type { Edit, Mutant } from './mutant.ts';

const rules = 'src/domain/inventory/allocate-rules.ts';
const work = 'src/domain/inventory/inventory-work-rules.ts';
const newBooking = 'src/domain/inventory/new-booking-rules.ts';
const reads = 'src/domain/inventory/inventory-read-statements.ts';
const writes = 'src/domain/inventory/inventory-write-statements.ts';
const writer = 'src/domain/inventory/write-inventory.ts';
const locks = 'src/domain/inventory/seat-locks.ts';
const create = 'src/domain/booking/create-booking.ts';
const cancel = 'src/domain/booking/cancel-booking.ts';
const lists = 'src/domain/pricing/price-lists.ts';

/** Redis refuses no request, which is right in itself: PostgreSQL decides alone, and its errors show sooner. */
const withoutSeatLocks: Edit = {
  file: locks,
  find: 'if (!this.isAsked()) return Promise.resolve(SKIPPED);',
  replace: 'return Promise.resolve(SKIPPED);',
};
const takenCheck = "if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };";

export const bookingMutants: readonly Mutant[] = [
  {
    name: 'confirm-without-owner-check',
    bug: 'late money takes the seats back although another booking may have them',
    edits: [
      {
        file: rules,
        find: "if (!booking.seats.every((seat) => work.isFree(seat.seatNo, opened))) return 'SEATS_TAKEN';",
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'blind-hold',
    bug: 'a hold does not look whether its seats are free',
    edits: [withoutSeatLocks, { file: rules, find: takenCheck, replace: '' }],
  },
  {
    name: 'redis-lock-believed',
    bug: 'who has the seat locks in Redis gets the seats without a look at PostgreSQL',
    edits: [
      {
        file: create,
        find: 'answer = await needs.writer.submit(eventId, command);',
        replace:
          "answer = await needs.writer.submit(eventId, { ...command, isLocked: locked.kind === 'locked' } as HoldCommand);",
      },
      {
        file: rules,
        find: takenCheck,
        replace: `if (taken.length > 0 && !(command as { isLocked?: boolean }).isLocked) return { kind: 'seatsUnavailable', seatNos: taken };`,
      },
    ],
  },
  {
    name: 'lock-row-not-taken',
    bug: 'two processes write one event at once, each from what it read',
    vehicle: 'rush',
    edits: [
      withoutSeatLocks,
      { file: reads, find: 'order by event_id for update`;', replace: 'order by event_id`;' },
      { file: writes, find: 'if (count !== expected) throw new StaleRead(what);', replace: '' },
    ],
  },
  {
    name: 'expiry-without-owner-check',
    bug: 'the end of a hold does not look whether it is still a hold',
    edits: [
      {
        file: rules,
        find: "if (booking.status !== 'PENDING_PAYMENT' || booking.holdExpiresAtMs > work.nowMs) return { kind: 'kept', booking };",
        replace: '',
      },
    ],
  },
  {
    name: 'overdue-hold-taken-in-part',
    bug: 'a seat of an overdue hold is taken while its booking goes on',
    edits: [
      {
        file: work,
        find: "return overdue !== undefined && this.end(overdue).kind === 'released' && isFreeFor(this.seat(seatNo), opened);",
        replace: 'return overdue !== undefined;',
      },
    ],
  },
  {
    name: 'some-seats-of-a-hold',
    bug: 'a hold takes those of its seats that are free and leaves out the others',
    vehicle: 'rush',
    edits: [
      withoutSeatLocks,
      {
        file: rules,
        find: 'if (taken.length > 0) return',
        replace: 'if (taken.length === command.seatNos.length) return',
      },
      {
        file: work,
        find: 'const seats = seatsOfQuote(quoted);',
        replace: 'const seats = seatsOfQuote(quoted).filter(({ seatNo }) => this.isFree(seatNo));',
      },
    ],
  },
  {
    name: 'hold-time-ignored',
    bug: 'a hold lasts ten minutes',
    edits: [
      {
        file: newBooking,
        find: 'at.nowMs + holdSecondsOf(at.sale, at.policy) * 1000',
        replace: 'at.nowMs + 600_000',
      },
    ],
  },
  {
    name: 'hold-ends-early',
    bug: 'holds end when half of their time is over',
    edits: [
      {
        file: 'src/domain/booking/expire-bookings.ts',
        find: "where status = 'PENDING_PAYMENT' and hold_expires_at <= clock_timestamp() order by",
        replace:
          "where status = 'PENDING_PAYMENT' and hold_expires_at <= clock_timestamp() + interval '1 second' order by",
      },
      { file: rules, find: ' || booking.holdExpiresAtMs > work.nowMs)', replace: ')' },
    ],
  },
  {
    name: 'hold-extended-twice',
    bug: 'a hold that was extended is extended again when its session opens',
    edits: [
      {
        file: 'src/domain/booking/record-payment-session.ts',
        find: "status = 'PENDING_PAYMENT' and hold_extended_at is null\n      and clock_timestamp()",
        replace: "status = 'PENDING_PAYMENT' and hold_extended_at is not null\n      or clock_timestamp()",
      },
      {
        file: work,
        find: "before.status === 'PENDING_PAYMENT' && before.holdExtendedAtMs === null && lateMs > 0",
        replace: "before.status === 'PENDING_PAYMENT' && lateMs > 0",
      },
    ],
  },
  {
    name: 'seat-limit-ignored',
    bug: 'a fan may have any number of seats of an event',
    vehicle: 'rush',
    edits: [
      {
        file: rules,
        find: 'if (work.seatCountOf(command.userId) + command.seatNos.length > limit)',
        replace: 'if (work.seatCountOf(command.userId) + command.seatNos.length > 1_000)',
      },
    ],
  },
  {
    name: 'idempotency-hash-ignored',
    bug: 'a key that was used for other seats answers with the booking of those',
    vehicle: 'rush',
    edits: [
      {
        file: rules,
        find: "if (earlier.requestHash !== command.requestHash) return { kind: 'keyReused' };",
        replace: '',
      },
      {
        file: create,
        find: 'if (earlier.requestHash !== command.requestHash) throw new IdempotencyKeyReused();',
        replace: '',
      },
    ],
  },
  {
    name: 'cancel-without-owner-check',
    bug: 'a fan may cancel any booking whose id they know',
    vehicle: 'rush',
    edits: [
      { file: cancel, find: ' and user_id =', replace: " and '' <>" },
      { file: rules, find: "if (booking.userId !== userId) return { kind: 'noBooking' };", replace: '' },
    ],
  },
  {
    name: 'cancelled-booking-confirmed',
    bug: 'money that arrives after a cancellation confirms the booking',
    vehicle: 'rush',
    edits: [
      {
        file: rules,
        find: "if (booking.status === 'CANCELLED' || work.sale.status === 'CANCELLED') return 'BOOKING_CANCELLED';",
        replace: '',
      },
    ],
  },
  {
    name: 'tickets-stay-valid',
    bug: 'the tickets of a cancelled booking are not void',
    edits: [{ file: work, find: 'if (wasConfirmed) this.#voided.push(booking.id);', replace: '' }],
  },
  {
    name: 'counters-not-updated',
    bug: 'the counters of an event stay what they were',
    edits: [
      {
        file: writes,
        find: `set version = c.version_after,
      available = available + c.available_change, held = held + c.held_change, booked = booked + c.booked_change`,
        replace: 'set version = c.version_after',
      },
    ],
  },
  {
    name: 'version-reused',
    bug: 'two transitions of one write have the same version',
    edits: [
      {
        file: work,
        find: 'return ++this.#version;',
        replace: 'return this.#transitions.length === 0 ? ++this.#version : this.#version;',
      },
    ],
  },
  {
    name: 'expiry-not-published',
    bug: 'the end of a hold writes no message',
    edits: [
      {
        file: writer,
        find: 'allocation.transitions.map((transition) =>',
        replace: "allocation.transitions.filter(({ type }) => type !== 'expired').map((transition) =>",
      },
    ],
  },
  {
    name: 'fee-not-charged',
    bug: 'the total of a booking leaves out its fees',
    edits: [
      {
        file: newBooking,
        find: 'totalMinor: quoted.totalMinor,',
        replace: 'totalMinor: seats.reduce((sum, seat) => sum + seat.priceMinor, 0),',
      },
    ],
  },
  {
    name: 'first-prices-for-ever',
    bug: 'an event is sold at the first prices that were set for it',
    edits: [{ file: lists, find: 'order by version desc limit 1', replace: 'order by version limit 1' }],
  },
  {
    name: 'quote-not-compared',
    bug: 'a hold is made at another price than the fan has agreed to',
    edits: [
      {
        file: rules,
        find: 'if (command.quoteHash !== undefined && command.quoteHash !== quoted.hash)',
        replace: "if (command.quoteHash === '')",
      },
    ],
  },
  {
    name: 'bookings-from-a-cache',
    bug: 'a booking is read from what this process read a second ago',
    vehicle: 'rush',
    edits: [
      {
        file: 'src/domain/booking/booking-queries.ts',
        find: 'return (await listBookingsByIds(db, viewer, [id]))[0];',
        replace: `const known = recent.get(viewer.userId + id);
  if (known && Date.now() - known.at < 1_000) return known.booking;
  const booking = (await listBookingsByIds(db, viewer, [id]))[0];
  recent.set(viewer.userId + id, { at: Date.now(), booking });
  return booking;`,
      },
      {
        file: 'src/domain/booking/booking-queries.ts',
        find: 'export type BookingPosition =',
        replace:
          'const recent = new Map<string, { at: number; booking: Booking | undefined }>();\n\nexport type BookingPosition =',
      },
    ],
  },
];
