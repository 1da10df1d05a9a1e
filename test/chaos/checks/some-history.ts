import { encodeStatuses, packStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import type { BookingState, HistoryRecord, HoldAnswer, HoldRecord, SeatState } from '../history.ts';
import type { Facts, TransitionFact } from './facts.ts';

/** Records and facts for tests of the checks: one event of eight seats, users and bookings by short names. */
export const EVENT = 'an event';
export const SEATS = 8;
/** When the holds of `held` end. */
export const DEADLINE = 1_000;

type Times = readonly [from: number, to: number];

export function held(
  user: string,
  [from, to]: Times,
  changes: Partial<HoldRecord> & { reply?: Partial<HoldAnswer> } = {},
): HoldRecord {
  const { reply, ...rest } = changes;
  const seats = changes.seats ?? [1];
  const answer = {
    booking: `booking of ${user}`,
    replayed: false,
    status: 'PENDING_PAYMENT',
    totalMinor: 100,
    currency: 'USD',
    expiresAt: DEADLINE,
  } as const;
  const base = { kind: 'hold', outcome: 'ok', user, key: 'a key', event: EVENT, seats, from, to } as const;
  return { ...base, answer: { ...answer, seats, ...reply }, ...rest };
}

/** Sent, without an answer. */
export function lostHold(user: string, times: Times): HoldRecord {
  const { answer, ...record } = held(user, times, { outcome: 'unknown', code: 'timeout' });
  return record;
}

export function ended(
  kind: 'cancel' | 'confirm' | 'fail',
  user: string,
  [from, to]: Times,
  outcome: 'ok' | 'unknown' = 'ok',
): HistoryRecord {
  return { kind, outcome, user, booking: `booking of ${user}`, event: EVENT, seats: [1], from, to };
}

export function sawSeat(saw: SeatState, [from, to]: Times): HistoryRecord {
  return { kind: 'seats', outcome: 'ok', event: EVENT, seats: [1], states: [saw], from, to };
}

export function sawBookings(user: string, status: BookingState | undefined, [from, to]: Times): HistoryRecord {
  const bookings = status ? [[`booking of ${user}`, status] as const] : [];
  return { kind: 'bookings', outcome: 'ok', user, bookings, hasMore: false, from, to };
}

export function sawMap(version: number, seats: Partial<Record<SeatState, number[]>>): HistoryRecord {
  return { kind: 'map', outcome: 'ok', event: EVENT, map: { version, statuses: packed(seats) }, from: 0, to: 1 };
}

export function view(version: number, seats: Partial<Record<SeatState, number[]>>): HistoryRecord {
  return { kind: 'view', subscription: 's', at: 100, event: EVENT, version, statuses: packed(seats) };
}

export function frame(at: number, fromVersion: number | null, toVersion: number): HistoryRecord {
  return { kind: 'seatFrame', subscription: 's', at, event: EVENT, fromVersion, toVersion };
}

const packed = (seats: Partial<Record<SeatState, number[]>>): string => encodeStatuses(packStatuses(SEATS, seats));

export function transitions(...types: readonly (readonly [type: string, user: string])[]): TransitionFact[] {
  return types.map(([type, user], index) => {
    return { version: index + 1, type, booking: `booking of ${user}`, user, seats: [1] };
  });
}

export function factsOf(steps: readonly TransitionFact[], seats: Partial<Record<SeatState, number[]>>): Facts {
  const map = { version: steps.length, seatCount: SEATS, statuses: packStatuses(SEATS, seats) };
  return { transitions: new Map([[EVENT, steps]]), maps: new Map([[EVENT, map]]) };
}
