import { createHash, randomUUIDv7 } from 'node:crypto';
import { isUuid } from '#shared/uuid.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import { hasSeat, type SeatingPlan } from '../catalog/seating-plan.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { CoolingDown, TooManyUnpaidSeats } from '../hoarding/errors.ts';
import { requireIdempotencyKey } from '../idempotency-key-rules.ts';
import { isReleased, planFor } from '../inventory/accessible-pool-rules.ts';
import { givenCodes } from '../inventory/code-texts-rules.ts';
import type { KnownSale } from '../inventory/event-sales.ts';
import type { BookingState, HoldCommand, Holding } from '../inventory/inventory-command.ts';
import type { InventoryAnswer } from '../inventory/inventory-work.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import type { LostRaces } from '../inventory/lost-races.ts';
import { companionsWithoutPlace, missingOfTable } from '../inventory/party-rules.ts';
import { seatsPerBookingOf } from '../inventory/sale-limits-rules.ts';
import { lockOwner, type SeatLockAnswer, type SeatLocks } from '../inventory/seat-locks.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { type Booking, toBooking } from './booking.ts';
import { type BookingLine, type ParsedLines, parseLines, placesIn } from './booking-lines.ts';
import {
  AdmissionRequired,
  CodeInvalid,
  CompanionWithoutPlace,
  EventNotOnSale,
  LeavesSingleSeat,
  PriceChanged,
  SeatsUnavailable,
  TooManySeats,
} from './errors.ts';

export type CreateBookingNeeds = {
  readonly writer: InventoryWriter;
  readonly seatLocks: SeatLocks;
  readonly lostRaces: LostRaces;
  /** Throws AdmissionRequired for an event with a waiting room, unless the viewer was admitted. */
  readonly requireAdmission?: (
    viewer: Viewer,
    of: { eventId: string; admission: string | undefined },
  ) => Promise<void> | undefined;
};

export type CreateBookingRequest = {
  readonly eventId: string;
  /** `<plan id>_<seat number>`, each at most once, in any order. */
  readonly seatIds?: readonly string[] | undefined;
  /** Instead of `seatIds`: the seats with their ticket types. */
  readonly lines?: readonly BookingLine[] | undefined;
  /** Holds the seats only at the prices of this quote. */
  readonly quoteHash?: string | undefined;
  /** 1 to 200 printable characters, chosen by the viewer; kept for 30 days. */
  readonly idempotencyKey: string;
  readonly admission?: string | undefined;
  /** The address of the request, as `openAddressKeys` names it. */
  readonly addressKey?: string | undefined;
  /** Codes that open seats or ticket types, or lower the price. */
  readonly codes?: readonly string[] | undefined;
};

export const createBookingRefusals = [
  InvalidInput,
  NotFound,
  EventNotOnSale,
  SeatsUnavailable,
  LeavesSingleSeat,
  CompanionWithoutPlace,
  CodeInvalid,
  PriceChanged,
  TooManySeats,
  TooManyUnpaidSeats,
  CoolingDown,
  AdmissionRequired,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

/**
 * Holds all the seats for the viewer, or none, and creates a booking that waits for payment. The same key with the
 * same request returns the same booking, `replayed`, in its current state. Throws one of `createBookingRefusals`.
 */
export async function createBooking(
  needs: CreateBookingNeeds,
  viewer: Viewer,
  request: CreateBookingRequest,
): Promise<{ booking: Booking; replayed: boolean }> {
  const wanted = parse(request);
  const { seatNos, ticketTypes, field } = wanted;
  const sale = await orTryAgain(needs.writer.sales.find(request.eventId));
  if (!sale || sale.status === 'DRAFT') throw new NotFound('event');
  refuseTooMany(ticketsIn(wanted), sale, needs.writer);
  const { planId } = sale;
  if (planId !== (wanted.planId ?? planId))
    throw new InvalidInput(field, 'These seats do not belong to the seating plan of this event.');
  const plan = await orTryAgain(needs.writer.plans.get(planId));
  if (!seatNos.every((seatNo) => hasSeat(plan, seatNo))) throw new InvalidInput(field, 'This seat does not exist.');
  refusePartOfTable(plan, seatNos, field);
  const released = isReleased(sale, sale.nowMs());
  if (!released) refuseLoneCompanions(plan, seatNos);
  refuseIfFarTooEarly(sale);
  const command: HoldCommand = {
    kind: 'hold',
    bookingId: randomUUIDv7(),
    userId: viewer.userId,
    planId,
    seatNos,
    ticketTypes,
    idempotencyKey: request.idempotencyKey,
    quoteHash: request.quoteHash,
    addressKey: request.addressKey,
    requestHash: hashOf(request.eventId, { seatNos, ticketTypes }),
    ...rareWishes(request, { plan, wanted }),
  };
  const hold = {
    eventId: request.eventId,
    plan: planFor(plan, { seatNos, released }),
    orphanPolicy: sale.orphanPolicy,
    command,
    field,
  };
  const admitted = needs.requireAdmission?.(viewer, { eventId: request.eventId, admission: request.admission });
  const earlier = admitted && (await earlierUnless(admitted, needs, hold));
  return earlier ?? (await holdWithLocks(needs, hold));
}

/** A viewer who is no longer admitted still gets the booking that an earlier call with the same key made. */
export async function earlierUnless(
  admitted: Promise<void>,
  needs: CreateBookingNeeds,
  hold: { readonly eventId: string; readonly command: Holding },
) {
  try {
    await orTryAgain(admitted);
    return undefined;
  } catch (refusal) {
    if (!(refusal instanceof AdmissionRequired)) throw refusal;
    const earlier = await needs.lostRaces.earlier({ ...hold.command, eventId: hold.eventId });
    if (earlier) return replayOf(earlier, hold);
    throw refusal;
  }
}

type Wanted = { readonly seatNos: number[]; readonly ticketTypes: (string | undefined)[] | undefined };
type ParsedRequest = Wanted & Pick<ParsedLines, 'planId' | 'places'> & { readonly field: string };

/** What few holds have, with a hash of the whole request: places without numbers, and codes. */
function rareWishes(
  { eventId, codes: texts = [] }: CreateBookingRequest,
  { plan, wanted }: { plan: SeatingPlan; wanted: ParsedRequest },
): Pick<HoldCommand, 'areas' | 'codes'> & { readonly requestHash?: string } {
  if (texts.length === 0 && wanted.places.length === 0) return {};
  const areas = wanted.places.length > 0 ? placesIn(plan, wanted.places, wanted.field) : undefined;
  const codes = texts.length > 0 ? givenCodes(eventId, texts) : undefined;
  const { seatNos, ticketTypes } = wanted;
  const asked = [eventId, seatNos, ticketTypes, areas, codes?.map(({ hash }) => hash)];
  return { areas, codes, requestHash: createHash('sha256').update(JSON.stringify(asked)).digest('base64url') };
}

/** A request that names no ticket type has the same hash in each way to name its seats. */
function hashOf(eventId: string, { seatNos, ticketTypes }: Wanted): string {
  const types = ticketTypes ? ` ${JSON.stringify(ticketTypes)}` : '';
  return createHash('sha256').update(`${eventId} ${seatNos.join()}${types}`).digest('base64url');
}

function wantedOf({ seats }: ParsedLines): Wanted {
  const isNamed = seats.some(({ ticketType }) => ticketType !== undefined);
  return {
    seatNos: seats.map(({ seatNo }) => seatNo),
    ticketTypes: isNamed ? seats.map(({ ticketType }) => ticketType) : undefined,
  };
}

/** The known sale may be a second old: the writer decides about what it lets through. */
export function refuseTooMany(seats: number, sale: KnownSale, { policy }: Pick<InventoryWriter, 'policy'>): void {
  const limit = seatsPerBookingOf(sale, policy);
  if (seats > limit) throw new TooManySeats(limit, 'booking');
}

const ticketsIn = ({ seatNos, places }: ParsedRequest): number =>
  places.reduce((sum, { quantity }) => sum + quantity, seatNos.length);

function parse(request: CreateBookingRequest): ParsedRequest {
  if (!isUuid(request.eventId)) throw new NotFound('event');
  requireIdempotencyKey(request.idempotencyKey);
  const { seatIds = [], lines } = request;
  if (lines !== undefined && seatIds.length > 0) throw new InvalidInput('lines', 'Give either `lines` or `seatIds`.');
  const field = lines === undefined ? 'seatIds' : 'lines';
  const parsed = parseLines(lines ?? seatIds.map((seatId) => ({ seatId })), field);
  return { planId: parsed.planId, places: parsed.places, ...wantedOf(parsed), field };
}

/** Throws CompanionWithoutPlace. */
export function refuseLoneCompanions(plan: SeatingPlan, seatNos: readonly number[]): void {
  const lone = companionsWithoutPlace(plan, new Set(seatNos));
  if (lone.length > 0) throw new CompanionWithoutPlace(plan.planId, lone);
}

export function refusePartOfTable(plan: SeatingPlan, seatNos: readonly number[], field: string): void {
  const missing = missingOfTable(plan, new Set(seatNos));
  if (missing !== undefined)
    throw new InvalidInput(
      field,
      `${plan.rowOf[missing]} is sold as a whole: choose all of its seats, also ${plan.labelOf[missing]}.`,
    );
}

/** The known sale may be a second old. Close to the opening the writer decides, by the database's clock. */
const MARGIN_MS = 5000;

export function refuseIfFarTooEarly(sale: KnownSale): void {
  const opensInMs = sale.onSaleAtMs - sale.nowMs();
  if (opensInMs > MARGIN_MS) throw notOpenYet(sale.onSaleAtMs, opensInMs);
}

const notOpenYet = (opensAtMs: number, opensInMs: number): EventNotOnSale =>
  new EventNotOnSale('The sale has not opened yet.', {
    at: new Date(opensAtMs),
    inSeconds: Math.ceil(opensInMs / 1000),
  });

/** How long a client waits before it asks again whether the sale goes on, in seconds. */
const ASK_AGAIN = { PAUSED: 30, POSTPONED: 300 } as const;

const pausedSale = (why: keyof typeof ASK_AGAIN): EventNotOnSale =>
  new EventNotOnSale(
    why === 'PAUSED'
      ? 'The sale is paused. Try again later.'
      : 'The event is postponed. Its sale goes on when it has a new date.',
    { inSeconds: ASK_AGAIN[why] },
  );

type Hold = {
  readonly eventId: string;
  /** As it is sold to this fan. */
  readonly plan: SeatingPlan;
  readonly orphanPolicy: OrphanPolicy;
  readonly command: HoldCommand;
  /** The input field that names the seats. */
  readonly field: string;
};

async function holdWithLocks(needs: CreateBookingNeeds, hold: Hold): Promise<{ booking: Booking; replayed: boolean }> {
  const { eventId, command } = hold;
  const owner = lockOwner(command.userId, command.idempotencyKey);
  const locks = { eventId, owner, seatNos: command.seatNos };
  let locked = command.seatNos.length > 0 ? await needs.seatLocks.acquire(locks) : NO_SEATS_TO_LOCK;
  if (locked.kind === 'taken') {
    const lost = await lose(needs, hold, locked.seatNos);
    if (lost.replay) return lost.replay;
    // The request that had the locks may have failed meanwhile: try once more.
    locked = lost.mayBeWon ? await needs.seatLocks.acquire(locks) : locked;
    if (locked.kind === 'taken') throw lost.refusal;
  }
  const unlock = () => void needs.seatLocks.release(eventId, owner, freshOf(locked, command));
  let answer: InventoryAnswer;
  try {
    answer = await needs.writer.submit(eventId, command);
  } catch (error) {
    // If the hold did happen after all, PostgreSQL refuses the rivals instead of the lock.
    unlock();
    throw error;
  }
  if (answer.kind !== 'held' || answer.booking.status !== 'PENDING_PAYMENT') unlock();
  if (answer.kind === 'held') return { booking: toBooking(answer.booking), replayed: answer.replayed };
  throw refusalOf(answer, { eventId, planId: command.planId, seats: seatsOf(command), field: hold.field });
}

const NO_SEATS_TO_LOCK: SeatLockAnswer = { kind: 'locked', fresh: [] };

const freshOf = (locked: SeatLockAnswer, command: HoldCommand): readonly number[] =>
  locked.kind === 'locked' ? locked.fresh : command.seatNos;

const seatsOf = ({ seatNos, areas = [] }: HoldCommand): number =>
  areas.reduce((sum, { quantity }) => sum + quantity, seatNos.length);

async function lose(needs: CreateBookingNeeds, hold: Hold, seatNos: readonly number[]) {
  const { eventId, plan, orphanPolicy, command } = hold;
  const race = { ...command, eventId, plan, orphanPolicy, lockedSeatNos: seatNos };
  const { earlier, mayBeWon, alternatives, version } = await needs.lostRaces.look(race);
  if (earlier) return { mayBeWon, replay: replayOf(earlier, hold), refusal: undefined };
  return { mayBeWon, replay: undefined, refusal: new SeatsUnavailable({ eventId, seatNos, alternatives, version }) };
}

function replayOf(
  earlier: BookingState,
  { command }: { readonly command: Holding },
): { booking: Booking; replayed: boolean } {
  if (earlier.requestHash !== command.requestHash) throw new IdempotencyKeyReused();
  return { booking: toBooking(earlier), replayed: true };
}

/** `seats`: how many were wanted. `field`: the input field that named them. */
type Asked = { readonly eventId: string; readonly planId: string; readonly seats: number; readonly field: string };

export function refusalOf(answer: InventoryAnswer, { eventId, planId, seats, field }: Asked): Error {
  switch (answer.kind) {
    case 'seatsUnavailable':
      return new SeatsUnavailable({ eventId, ...answer });
    case 'noBestSeats': {
      const message = 'There are not so many free places in this section.';
      return new SeatsUnavailable({ eventId, seatNos: [], alternatives: [], version: answer.version, message });
    }
    case 'leavesSingle':
      return new LeavesSingleSeat({ eventId, ...answer });
    case 'codeInvalid':
      return new CodeInvalid(answer.code);
    case 'priceChanged':
      return new PriceChanged(planId, answer.quote);
    case 'tooManySeats':
      return new TooManySeats(answer.limit, seats > answer.limit ? 'booking' : 'event');
    case 'tooManyUnpaid':
      return new TooManyUnpaidSeats({ ...answer, wanted: seats });
    case 'coolingDown':
      return new CoolingDown(answer.afterMs);
    case 'notOnSale':
      return answer.opensAtMs === null
        ? new EventNotOnSale('The sale is over.')
        : notOpenYet(answer.opensAtMs, answer.opensInMs ?? 0);
    case 'salePaused':
      return pausedSale(answer.why);
    case 'keyReused':
      return new IdempotencyKeyReused();
    case 'notSold':
      return new InvalidInput(field, answer.message);
    case 'noSeat':
      return new InvalidInput(field, 'This seat is not for sale at this event.');
    case 'noEvent':
      return new NotFound('event');
    default:
      return new Error(`A hold came to ${answer.kind}.`);
  }
}
