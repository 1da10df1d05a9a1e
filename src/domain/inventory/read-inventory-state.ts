import type { Tx } from '#db/client.ts';
import { readAllocationEnds } from './allocation-statements.ts';
import type { CodeState } from './code-rules.ts';
import { readCodes, readCodesByHash } from './code-statements.ts';
import type { BookingState, Holding, SellCommand } from './inventory-command.ts';
import {
  countKey,
  ofEvents,
  readAllocatedSeats,
  readBookings,
  readBookingsByKey,
  readInbox,
  readSales,
  readSeatCounts,
  readSeats,
  type SeatsByEvent,
} from './inventory-read-statements.ts';
import type { InventoryState } from './inventory-state.ts';
import type { EventWork, InventoryRequest } from './inventory-work.ts';
import type { RefundRequest } from './refund-command.ts';
import { readRefundsByKey } from './refund-statements.ts';
import { keyOf } from './request-key-rules.ts';

/** What the requests for one event are about. */
export type ReadWork = {
  readonly eventId: string;
  readonly holds: readonly Holding[];
  readonly sells: readonly SellCommand[];
  readonly seatNos: readonly number[];
  readonly bookingIds: readonly string[];
  /** Those of the bookings that are to be confirmed. For them, late money may have to take the seats again. */
  readonly confirmedIds: readonly string[];
  /** The hashes of the codes of the holds. */
  readonly codeHashes: readonly string[];
  readonly refunds: readonly RefundRequest[];
  /** The allocations that are to end. */
  readonly endedAllocations: readonly string[];
};

export function readWork({ eventId, requests }: EventWork): ReadWork {
  const holds: Holding[] = [];
  const seatNos = new Set<number>();
  const bookingIds = new Set<string>();
  const confirmedIds = new Set<string>();
  const endedAllocations: string[] = [];
  const refunds = requests.flatMap(({ command }) => (command.kind === 'refund' ? [command.request] : []));
  const sells = requests.flatMap(({ command }) => (command.kind === 'sell' ? [command] : []));
  for (const { command } of requests) {
    if ('seatNos' in command) for (const seatNo of command.seatNos) seatNos.add(seatNo);
    if (command.kind === 'hold' || command.kind === 'holdBest') holds.push(command);
    else if (command.kind === 'endAllocation') endedAllocations.push(command.name);
    else if (command.kind !== 'allocate') bookingIds.add(command.bookingId);
    if (command.kind === 'confirm') confirmedIds.add(command.bookingId);
  }
  return {
    eventId,
    holds,
    sells,
    refunds,
    seatNos: [...seatNos],
    bookingIds: [...bookingIds],
    confirmedIds: [...confirmedIds],
    codeHashes: hashesOf(holds),
    endedAllocations,
  };
}

const hashesOf = (holds: readonly Holding[]): string[] =>
  holds.flatMap(({ codes }) => (codes ? codes.map(({ hash }) => hash) : NO_HASHES));
const NO_HASHES: readonly string[] = [];

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
  const keyed = [...holds, ...works.flatMap((work) => work.sells)];
  const named = ofEvents(works, (work) => work.bookingIds);
  const confirmed = works.flatMap((work) => work.confirmedIds);
  const users = ofEvents(works, (work) => [...new Set(work.holds.map((command) => command.userId))]);
  const hashes = ofEvents(works, (work) => work.codeHashes);
  const [sales, seats, counts, byKey, byId, codes] = await Promise.all([
    readSales(
      tx,
      works.map((work) => work.eventId),
    ),
    readSeats(tx, works),
    holds.length + confirmed.length > 0 ? readSeatCounts(tx, users, confirmed) : new Map<string, number>(),
    keyed.length > 0 ? readBookingsByKey(tx, keyed) : [],
    named.values.length > 0 ? readBookings(tx, named) : [],
    hashes.values.length > 0 ? readCodesByHash(tx, hashes) : [],
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
    const given = codes.flatMap((code) => (code.eventId === eventId ? [[code.hash, code] as const] : []));
    states.set(eventId, {
      ...sale,
      seats: seats.get(eventId) ?? new Map(),
      bookings,
      bookingIdByKey,
      seatCountByUser,
      ...(given.length > 0 && { codes: new Map<string, CodeState>(given) }),
    });
  }
  await addKnownRefunds(tx, states, works);
  await addOverdue(tx, states, { bookings, seats });
  await addCodesOfLateMoney(tx, states, works);
  await addEndedAllocations(tx, states, { works, seats });
  return states;
}

/** A booking whose hold has ended needs its codes again when its money arrives. */
async function addCodesOfLateMoney(tx: Tx, states: Map<string, ReadState>, works: readonly ReadWork[]): Promise<void> {
  for (const { eventId, confirmedIds } of works) {
    const state = states.get(eventId);
    const ids = confirmedIds.flatMap((id) => {
      const booking = state?.bookings.get(id);
      return booking?.eventId === eventId ? (booking.codeIds ?? []) : [];
    });
    if (!state || ids.length === 0) continue;
    const more = (await readCodes(tx, ids)).map((code) => [code.id, code] as const);
    states.set(eventId, { ...state, codes: new Map([...(state.codes ?? []), ...more]) });
  }
}

/** The refunds that were asked for with the keys of these requests, at any event. */
async function addKnownRefunds(tx: Tx, states: Map<string, ReadState>, works: readonly ReadWork[]): Promise<void> {
  const asked = works.flatMap(({ refunds }) => refunds);
  if (asked.length === 0) return;
  const known = await readRefundsByKey(tx, asked);
  const refundByKey = new Map(known.map((one) => [keyOf(one.requestedBy, one.idempotencyKey), one]));
  for (const { eventId, refunds } of works) {
    const state = states.get(eventId);
    if (state && refunds.length > 0) states.set(eventId, { ...state, refundByKey });
  }
}

/** All seats of an allocation whose time may be over. */
async function addEndedAllocations(
  tx: Tx,
  states: Map<string, ReadState>,
  { works, seats }: { works: readonly ReadWork[]; seats: SeatsByEvent },
): Promise<void> {
  for (const { eventId, endedAllocations } of works) {
    const state = states.get(eventId);
    if (!state || endedAllocations.length === 0) continue;
    const [allocated, releaseAtMs] = await Promise.all([
      readAllocatedSeats(tx, eventId, endedAllocations),
      readAllocationEnds(tx, eventId, endedAllocations),
    ]);
    for (const [seatNo, seat] of allocated) seats.get(eventId)?.set(seatNo, seat);
    states.set(eventId, { ...state, releaseAtMs });
  }
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
