import type { Allocation } from '#domain/inventory/allocate-rules.ts';
import type { CodeState } from '#domain/inventory/code-rules.ts';
import type { BookingState, HoldCommand } from '#domain/inventory/inventory-command.ts';
import type { InventoryPolicy, InventoryState } from '#domain/inventory/inventory-state.ts';
import { keyOf } from '#domain/inventory/request-key-rules.ts';

import { openPrices } from '#domain/pricing/quote-rules.ts';
import { listOfTiers } from '#domain/pricing/tier-prices-rules.ts';

/** An event with twelve seats, for tests of the rules. */
export const SEATS = 12;
export const NOW = 1_000_000;
export const policy: InventoryPolicy = { holdTtlSeconds: 300, maxSeatsPerBooking: 4, maxSeatsPerEvent: 6 };
const prices = openPrices(listOfTiers('USD', new Map([['T', { priceMinor: 100, feeMinor: 10 }]])));
export const rules = { policy, prices, levelOf: (seatNo: number) => (seatNo < SEATS ? 'T' : undefined) };
export const sale = {
  eventId: 'e',
  organizationId: 'o',
  planId: 'p',
  title: 'Match',
  status: 'PUBLISHED',
  salesPaused: false,
  holdSeconds: null,
  seatsPerBooking: null,
  seatsPerViewer: null,
  onSaleAtMs: 0,
  offSaleAtMs: 2 * NOW,
  endsAtMs: 3 * NOW,
  cancellableUntilMs: 2 * NOW,
  currency: 'USD',
  priceListId: 'l',
  orphanPolicy: 'OFF',
  accessibleReleaseAtMs: null,
} as const;

export const empty: InventoryState = {
  nowMs: NOW,
  version: 7,
  capacity: SEATS,
  sale,
  seats: new Map(),
  bookings: new Map(),
  bookingIdByKey: new Map(),
  seatCountByUser: new Map(),
};

let nextId = 0;
export const hold = (seatNos: number[], of: Partial<HoldCommand> = {}): HoldCommand => {
  nextId += 1;
  const id = `b${nextId}`;
  return {
    kind: 'hold',
    bookingId: id,
    userId: `user of ${id}`,
    planId: 'p',
    seatNos,
    idempotencyKey: id,
    requestHash: seatNos.join(),
    ...of,
  };
};

export const open = (bookings: ReadonlyMap<string, BookingState>): BookingState[] =>
  [...bookings.values()].filter((booking) => ['PENDING_PAYMENT', 'CONFIRMED'].includes(booking.status));

function codesAfter({ codes = new Map() }: InventoryState, { codeUses }: Allocation): ReadonlyMap<string, CodeState> {
  return new Map([...codes].map(([key, code]) => [key, { ...code, uses: code.uses + (codeUses.get(code.id) ?? 0) }]));
}

function endsAfter({ releaseAtMs = new Map() }: InventoryState, { allocations }: Allocation) {
  const ends = new Map(releaseAtMs);
  for (const [name, allocation] of allocations) {
    if (allocation === null) ends.delete(name);
    else ends.set(name, allocation.releaseAtMs === undefined ? (ends.get(name) ?? null) : allocation.releaseAtMs);
  }
  return ends;
}

/** The state that the next write would read after this one was committed. */
export function after(state: InventoryState, done: Allocation): InventoryState {
  const bookings = new Map(state.bookings);
  for (const booking of [...done.created, ...done.updated.values()]) bookings.set(booking.id, booking);
  const counts = new Map<string, number>();
  const keys = new Map<string, string>();
  for (const booking of bookings.values()) {
    keys.set(keyOf(booking.userId, booking.idempotencyKey), booking.id);
  }
  for (const booking of open(bookings)) {
    counts.set(booking.userId, (counts.get(booking.userId) ?? 0) + booking.seats.length);
  }
  return {
    ...state,
    version: done.version,
    seats: new Map([...state.seats, ...done.seats]),
    codes: codesAfter(state, done),
    releaseAtMs: endsAfter(state, done),
    bookings,
    bookingIdByKey: keys,
    seatCountByUser: counts,
  };
}
