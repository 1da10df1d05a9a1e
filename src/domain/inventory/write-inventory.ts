import type { Db, Tx } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { inTransaction } from '#db/transaction.ts';
import { levelsOf } from '../catalog/seat-levels.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import type { CoolDown, HoardingPolicy } from '../hoarding/hoarding-policy-rules.ts';
import { UnpaidBook } from '../hoarding/unpaid-book-rules.ts';
import { readUnpaid, recordEndings } from '../hoarding/unpaid-statements.ts';
import type { EventPrices, PriceLists } from '../pricing/price-lists.ts';
import { openPrices } from '../pricing/quote-rules.ts';
import { isReleased, planFor } from './accessible-pool-rules.ts';
import { type Allocation, allocate } from './allocate-rules.ts';
import { moveSeats } from './allocation-statements.ts';
import { alternativesTo, mergedRanges, neighbourhood, type SeatRange } from './alternatives-rules.ts';
import { openedBy } from './code-rules.ts';
import {
  type EventSale,
  type Holding,
  type InventoryCommand,
  type InventoryOutcome,
  isOfBooking,
} from './inventory-command.ts';
import { eventOf } from './inventory-events.ts';
import {
  type InventoryRow,
  type LockPatience,
  lockInventories,
  markKey,
  ofEvents,
  readAllocatedSeats,
  readTakenSeats,
} from './inventory-read-statements.ts';
import type { InventoryPolicy, InventoryState } from './inventory-state.ts';
import type { EventWork, InventoryAnswer, InventoryRequest, Written } from './inventory-work.ts';
import {
  changeSeats,
  insertBookings,
  insertInbox,
  insertTickets,
  type Publication,
  takeSeats,
  updateBookings,
  updateInventories,
  voidTickets,
} from './inventory-write-statements.ts';
import { allocationWrites, cancellationWrites, refundWrites, saleWrites } from './organizer-writes.ts';
import { type ReadState, readSeenMarks, readStates, readWork } from './read-inventory-state.ts';
import { seatWritesOf } from './seat-write-rules.ts';
import type { TakenSeats } from './taken-seats.ts';

type Needs = {
  readonly db: Db;
  readonly policy: InventoryPolicy;
  readonly takenSeats: TakenSeats;
  readonly priceLists: Pick<PriceLists, 'peek'>;
};

/** The event has another plan or other prices than those that the caller had loaded. */
export class SaleChanged extends Error {}

/**
 * One write for all of `works`, each for another event: locks the events' inventories, reads what the commands need,
 * decides event by event, and writes everything with a handful of statements. All decisions are committed or none.
 * Returns undefined in the place of an event that another process had locked, if `patience` skips those. Throws
 * `StaleRead` or `SaleChanged` when it has to be run again. Running it again after a commit whose answer was lost
 * finds the bookings that it made.
 */
export function writeInventory(
  needs: Needs,
  works: readonly EventWork[],
  patience: LockPatience,
): Promise<(Written | undefined)[]> {
  return inTransaction(needs.db, 'writeInventory', async (tx) => {
    // The reads are sent together with the lock and run after it, each with its own snapshot: they see the changes
    // that the lock waited for.
    const holders = works.flatMap((work) =>
      work.requests.flatMap(({ command }) => (isHolding(command) ? [command] : [])),
    );
    const eventIds = works.map((work) => work.eventId);
    const { hoarding } = needs.policy;
    const [rows, unpaid, states, seen] = await Promise.all([
      lockInventories(tx, eventIds, patience),
      hoarding &&
        readUnpaid(
          tx,
          { policy: hoarding, maxSeatsPerBooking: largestOf(holders, needs.policy) },
          { holders, eventIds },
        ),
      readStates(tx, works.map(readWork)),
      readSeenMarks(
        tx,
        works.flatMap((work) => work.requests),
      ),
    ]);
    const book = new UnpaidBook(hoarding, unpaid);
    const begun = await Promise.all(works.map((work) => beginWith(tx, needs, work, { rows, states })));
    const decisions = works.flatMap((work, index) => {
      const state = begun[index];
      return state ? [decide(needs, work, { state, seen, book })] : [];
    });
    const absent = (work: EventWork) => (patience.skipsLocked ? undefined : unknownEvent(work.requests));
    const written = await writeAll(tx, decisions, { book, hoarding });
    if (decisions.some(({ allocation }) => allocation.transitions.length > 0)) failpoint('inventory.written');
    return works.map((work) => written.get(work.eventId) ?? absent(work));
  });
}

/** An event may allow larger bookings than the setting of the process. */
const largestOf = (holders: readonly Holding[], { maxSeatsPerBooking }: InventoryPolicy): number =>
  Math.max(
    maxSeatsPerBooking,
    ...holders.map((hold) => (hold.kind === 'hold' ? hold.seatNos.length : hold.party.size)),
  );

const isHolding = (command: InventoryCommand): command is Holding =>
  command.kind === 'hold' || command.kind === 'holdBest';

type Read = { readonly rows: ReadonlyMap<string, InventoryRow>; readonly states: ReadonlyMap<string, ReadState> };

/** The state from which the commands of an event are decided; undefined for an event that is locked or unknown. */
async function beginWith(
  tx: Tx,
  { takenSeats }: Needs,
  { eventId, plan, requests }: EventWork,
  { rows, states }: Read,
): Promise<InventoryState | undefined> {
  const [row, state] = [rows.get(eventId), states.get(eventId)];
  if (!row) return undefined;
  if (!state) throw new Error(`Inventory ${eventId} belongs to no event.`);
  const { version, capacity } = row;
  const choices = requests.flatMap(({ command }) => (looksAround(command, state.sale) ? [command] : []));
  if (choices.length === 0) return { ...state, version, capacity };
  const free = await takenSeats.at(tx, { eventId, version, seatCount: plan.seatCount });
  const opened = openedBy([...(state.codes?.values() ?? [])]);
  const wanted = choices.some(({ kind }) => kind === 'sell') ? 'ALL' : [...opened];
  if (wanted.length === 0) return { ...state, version, capacity, free };
  const seats = new Map([...(await readAllocatedSeats(tx, eventId, wanted)), ...state.seats]);
  return { ...state, version, capacity, free, seats };
}

/** Whether the decision on a command looks at more seats than those that it names. */
const looksAround = (command: InventoryCommand, { orphanPolicy }: EventSale): boolean =>
  command.kind === 'holdBest' ||
  (command.kind === 'hold' && (command.areas !== undefined || orphanPolicy !== 'OFF')) ||
  (command.kind === 'sell' && command.areas !== undefined);

/** The results for an event that does not exist. */
export function unknownEvent(requests: readonly InventoryRequest[]): Written {
  return { answers: requests.map(() => ({ kind: 'noEvent' })), allocation: undefined };
}

type Decision = {
  readonly eventId: string;
  readonly plan: SeatingPlan;
  readonly state: InventoryState;
  readonly fresh: readonly InventoryRequest[];
  readonly isRepeat: readonly boolean[];
  readonly allocation: Allocation;
};

function decide(
  { policy, priceLists }: Needs,
  { eventId, plan, requests }: EventWork,
  { state, seen, book }: { state: InventoryState; seen: ReadonlySet<string>; book: UnpaidBook },
): Decision {
  if (state.sale.planId !== plan.planId) throw new SaleChanged();
  const prices = pricesOf(state.sale.priceListId, priceLists);
  const { fresh, isRepeat } = withoutRepeats(requests, seen);
  const rules = {
    policy,
    prices: prices.prices,
    levelOf: levelsOf(prices, plan),
    hall: plan,
  };
  const commands = fresh.map((request) => request.command);
  return { eventId, plan, state, fresh, isRepeat, allocation: allocate(commands, state, rules, book) };
}

/** An event without a price list sells no seat. */
const NOTHING: Omit<EventPrices, 'listId'> = {
  prices: openPrices({ currency: '', step: 1, levels: [], ticketTypes: [], fees: [], taxes: [] }),
};

function pricesOf(listId: string | null, priceLists: Needs['priceLists']): Omit<EventPrices, 'listId'> {
  if (listId === null) return NOTHING;
  const found = priceLists.peek(listId);
  if (!found) throw new SaleChanged();
  return found;
}

/** A message that was handled before, or that is in the batch twice, has no further effect. */
function withoutRepeats(requests: readonly InventoryRequest[], seen: ReadonlySet<string>) {
  const known = new Set(seen);
  const isRepeat = requests.map(({ inbox }) => {
    if (!inbox) return false;
    const key = markKey(inbox);
    if (known.has(key)) return true;
    known.add(key);
    return false;
  });
  return { fresh: requests.filter((_, index) => !isRepeat[index]), isRepeat };
}

/** The statements do not depend on each other's results, so they are sent in one round trip. */
async function writeAll(tx: Tx, decisions: readonly Decision[], unpaid: Unpaid): Promise<Map<string, Written>> {
  const ranges = ofEvents(decisions, rangesOf);
  const [taken] = await Promise.all([
    ranges.values.length > 0 ? readTakenSeats(tx, ranges) : new Map<string, Set<number>>(),
    ...seatWrites(tx, decisions),
    ...bookingWrites(tx, decisions, unpaid),
    ...publications(tx, decisions),
    ...allocationWrites(tx, decisions),
    ...cancellationWrites(tx, decisions),
  ]);
  return new Map(
    decisions.map((decision) => {
      const { eventId, allocation } = decision;
      return [eventId, { answers: answersOf(decision, taken.get(eventId) ?? new Set()), allocation }];
    }),
  );
}

function seatWrites(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  const writes = decisions.map(({ eventId, state, allocation }) => ({
    eventId,
    ...seatWritesOf(state.seats, allocation.seats),
  }));
  const taken = writes.flatMap(({ eventId, taken: own }) => own.map((write) => ({ eventId, ...write })));
  const changed = writes.flatMap(({ eventId, changed: own }) => own.map((write) => ({ eventId, ...write })));
  const allocated = writes.flatMap(({ eventId, allocated: own }) => own.map((write) => ({ eventId, ...write })));
  const changes = decisions.flatMap(({ eventId, state, allocation }, index) => {
    const counters = writes[index]?.counters;
    if (!counters || allocation.transitions.length === 0) return [];
    return [{ eventId, from: state.version, to: allocation.version, counters }];
  });
  const published = decisions.flatMap(publicationsOf);
  return [
    ...(taken.length > 0 ? [takeSeats(tx, taken)] : []),
    ...(changed.length > 0 ? [changeSeats(tx, changed)] : []),
    ...(allocated.length > 0 ? [moveSeats(tx, allocated)] : []),
    ...(changes.length > 0 ? [updateInventories(tx, changes, published)] : []),
  ];
}

/** A booking that ended because another one took its overdue seats has no origin. */
function publicationsOf({ plan, state, fresh, allocation }: Decision): Publication[] {
  const origins = new Map(
    fresh.flatMap(({ command, origin }) => ('bookingId' in command ? [[command.bookingId, origin] as const] : [])),
  );
  return allocation.transitions.map((transition) => ({
    event: eventOf(transition, { sale: state.sale, plan }),
    origin: isOfBooking(transition) ? origins.get(transition.booking.id) : undefined,
  }));
}

type Unpaid = { readonly book: UnpaidBook; readonly hoarding: HoardingPolicy | undefined };

function bookingWrites(tx: Tx, decisions: readonly Decision[], { book, hoarding }: Unpaid): Promise<void>[] {
  const created = decisions.flatMap(({ allocation }) => allocation.created);
  const updated = decisions.flatMap(({ state, allocation }) =>
    [...allocation.updated.values()].flatMap((to) => {
      const from = state.bookings.get(to.id);
      return from ? [{ from, to }] : [];
    }),
  );
  return [
    ...(created.length > 0 ? [insertBookings(tx, created, book.marks)] : []),
    ...saleWrites(tx, decisions),
    ...(hoarding?.coolDown ? endingsOf(tx, decisions, { book, coolDown: hoarding.coolDown }) : []),
    ...(updated.length > 0 ? [updateBookings(tx, updated)] : []),
    ...refundWrites(tx, decisions),
  ];
}

/** Must run before the bookings are updated, because the update deletes their addresses. */
function endingsOf(
  tx: Tx,
  decisions: readonly Decision[],
  { book: { endings }, coolDown }: { book: UnpaidBook; coolDown: CoolDown },
): Promise<void>[] {
  if (endings.paid.length + endings.unpaid.length === 0) return [];
  const nowMs = Math.max(...decisions.map(({ state }) => state.nowMs));
  return [recordEndings(tx, endings, { nowMs, halfLifeSeconds: coolDown.halfLifeSeconds })];
}

/** Tickets, and the marks of the messages that were handled. */
function publications(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  const voided = decisions.flatMap(({ state, allocation }) =>
    allocation.voidedTicketsOf.map((bookingId) => ({ bookingId, atMs: state.nowMs })),
  );
  const tickets = decisions.flatMap(({ eventId, state, allocation }) =>
    allocation.tickets.flatMap(({ bookingId, tickets: own }) =>
      own.map((ticket) => ({ ...ticket, eventId, bookingId, issuedAtMs: state.nowMs })),
    ),
  );
  const marks = decisions.flatMap(({ fresh }) => fresh.flatMap((request) => (request.inbox ? [request.inbox] : [])));
  return [
    ...(voided.length > 0 ? [voidTickets(tx, voided)] : []),
    ...(tickets.length > 0 ? [insertTickets(tx, tickets)] : []),
    ...(marks.length > 0 ? [insertInbox(tx, marks)] : []),
  ];
}

function rangesOf({ allocation, fresh, plan }: Decision): SeatRange[] {
  const ranges = allocation.outcomes.flatMap((outcome, index) => {
    const command = fresh[index]?.command;
    return outcome.kind === 'seatsUnavailable' && command?.kind === 'hold'
      ? [neighbourhood(command.seatNos, plan)]
      : [];
  });
  return mergedRanges(ranges);
}

function answersOf(decision: Decision, taken: Set<number>): InventoryAnswer[] {
  const { allocation, fresh, isRepeat } = decision;
  for (const [seatNo, seat] of allocation.seats) {
    if (seat.status === 'AVAILABLE') taken.delete(seatNo);
    else taken.add(seatNo);
  }
  const decided = allocation.outcomes
    .map((outcome, index) => answerOf(outcome, { command: fresh[index]?.command, decision, taken }))
    [Symbol.iterator]();
  return isRepeat.map((repeats) => (repeats ? { kind: 'seenBefore' } : (decided.next().value ?? { kind: 'noEvent' })));
}

function answerOf(
  outcome: InventoryOutcome,
  about: { command: InventoryCommand | undefined; decision: Decision; taken: ReadonlySet<number> },
): InventoryAnswer {
  const { command, decision, taken } = about;
  if (outcome.kind !== 'seatsUnavailable') return outcome;
  if (command?.kind === 'allocate' || command?.kind === 'sell')
    return { ...outcome, alternatives: [], version: decision.allocation.version };
  if (command?.kind !== 'hold') throw new Error('Only a hold can find its seats unavailable.');
  const { allocation, state } = decision;
  const released = isReleased(state.sale, state.nowMs);
  const plan = planFor(decision.plan, { seatNos: command.seatNos, released });
  const within = neighbourhood(command.seatNos, plan);
  const sold = { isFree: (seatNo: number) => !taken.has(seatNo), policy: state.sale.orphanPolicy };
  const alternatives = alternativesTo(command.seatNos, within, plan, sold);
  return { ...outcome, alternatives, version: allocation.version };
}
