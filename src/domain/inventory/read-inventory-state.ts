import type { Tx } from '#db/client.ts';
import type { BookingState, Holding } from './inventory-command.ts';
import {
  countKey,
  ofEvents,
  readBookings,
  readBookingsByKey,
  readInbox,
  readSales,
  readSeatCounts,
  readSeats,
  type SeatsByEvent,
} from './inventory-read-statements.ts';
import type { EventWork, InventoryRequest } from './inventory-work.ts';
import { type InventoryState, keyOf } from './inventory-work-rules.ts';

/** What the requests for one event are about. */
export type ReadWork = {
  readonly eventId: string;
  readonly holds: readonly Holding[];
  readonly seatNos: readonly number[];
  readonly bookingIds: readonly string[];
  /** Those of the bookings that are to be confirmed. For them, late money may have to take the seats again. */
  readonly confirmedIds: readonly string[];
};

export function readWork({ eventId, requests }: EventWork): ReadWork {
  const holds: Holding[] = [];
  const seatNos = new Set<number>();
  const bookingIds = new Set<string>();
  const confirmedIds = new Set<string>();
  for (const { command } of requests) {
    if (command.kind === 'confirm') confirmedIds.add(command.bookingId);
    if (command.kind === 'hold') for (const seatNo of command.seatNos) seatNos.add(seatNo);
    if (command.kind === 'hold' || command.kind === 'holdBest') holds.push(command);
    else bookingIds.add(command.bookingId);
  }
  return { eventId, holds, seatNos: [...seatNos], bookingIds: [...bookingIds], confirmedIds: [...confirmedIds] };
}

/** Everything except what comes with the event's lock. */
export type ReadState = Omit<InventoryState, 'version' | 'capacity'>;

/** The keys (`markKey`) of the requests' messages that were handled before. */
export function readSeenMarks(tx: Tx, requests: readonly InventoryRequest[]): Promise<ReadonlySet<string>> {
  const marks = requests.flatMap((request) => (request.inbox ? [request.inbox] : []));
  return marks.length > 0 ? readInbox(tx, marks) : Promise.resolve(new Set<string>());
}

/** What the rules need to know about each event, read in one round trip; an event that does not exist is left out. */
export async function readStates(tx: Tx, works: readonly ReadWork[]): Promise<Map<string, ReadState>> {
  const holds = works.flatMap((work) => work.holds);
  const named = ofEvents(works, (work) => work.bookingIds);
  const confirmed = works.flatMap((work) => work.confirmedIds);
  const users = ofEvents(works, (work) => [...new Set(work.holds.map((command) => command.userId))]);
  const [sales, seats, counts, byKey, byId] = await Promise.all([
    readSales(
      tx,
      works.map((work) => work.eventId),
    ),
    readSeats(tx, works),
    holds.length + confirmed.length > 0 ? readSeatCounts(tx, users, confirmed) : new Map<string, number>(),
    holds.length > 0 ? readBookingsByKey(tx, holds) : [],
    named.values.length > 0 ? readBookings(tx, named) : [],
  ]);
  const bookings = new Map([...byKey, ...byId].map((booking) => [booking.id, booking]));
  const bookingIdByKey = new Map(byKey.map((booking) => [keyOf(booking.userId, booking.idempotencyKey), booking.id]));
  const states = new Map<string, ReadState>();
  for (const { eventId, holds: own, confirmedIds } of works) {
    const sale = sales.get(eventId);
    if (!sale) continue;
    const owners = confirmedIds.flatMap((id) => bookings.get(id)?.userId ?? []);
    const userIds = [...own.map(({ userId }) => userId), ...owners];
    const seatCountByUser = new Map(userIds.map((id) => [id, counts.get(countKey(eventId, id)) ?? 0] as const));
    states.set(eventId, { ...sale, seats: seats.get(eventId) ?? new Map(), bookings, bookingIdByKey, seatCountByUser });
  }
  await addOverdue(tx, states, { bookings, seats });
  return states;
}

/** An overdue hold on a wanted seat ends as a whole, so its booking and its other seats are read as well. */
async function addOverdue(
  tx: Tx,
  states: ReadonlyMap<string, ReadState>,
  { bookings, seats }: { bookings: Map<string, BookingState>; seats: SeatsByEvent },
): Promise<void> {
  const wanted = [...states.values()].map((state) => {
    const bookingIds = overdueIn(state).filter((id) => !bookings.has(id));
    return { eventId: state.sale.eventId, seatNos: [], bookingIds };
  });
  const ids = ofEvents(wanted, (of) => of.bookingIds);
  if (ids.values.length === 0) return;
  const [more, theirSeats] = await Promise.all([readBookings(tx, ids), readSeats(tx, wanted)]);
  for (const booking of more) bookings.set(booking.id, booking);
  for (const [eventId, own] of theirSeats) for (const [seatNo, seat] of own) seats.get(eventId)?.set(seatNo, seat);
}

function overdueIn({ seats, nowMs }: ReadState): string[] {
  const ids = new Set<string>();
  for (const seat of seats.values()) {
    if (seat.bookingId !== null && seat.holdExpiresAtMs !== null && seat.holdExpiresAtMs <= nowMs)
      ids.add(seat.bookingId);
  }
  return [...ids];
}
