import { createHash, randomUUIDv7 } from 'node:crypto';
import { isUuid } from '#shared/uuid.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { InvalidInput, NotFound } from '../errors.ts';
import { requireIdempotencyKey } from '../idempotency-key-rules.ts';
import { givenCodes } from '../inventory/code-texts-rules.ts';
import type { HoldBestCommand } from '../inventory/inventory-command.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { type Booking, toBooking } from './booking.ts';
import {
  type CreateBookingNeeds,
  type CreateBookingRequest,
  earlierUnless,
  refusalOf,
  refuseIfFarTooEarly,
  refuseTooMany,
} from './create-booking.ts';
import { SeatsUnavailable } from './errors.ts';

export type HoldBestAvailableRequest = Omit<CreateBookingRequest, 'seatIds' | 'lines'> & {
  readonly quantity: number;
  /** The key of a price level. Undefined: any price. */
  readonly priceLevel?: string | undefined;
  /** The key of a ticket type for all seats. Undefined: the default of each seat's level. */
  readonly ticketType?: string | undefined;
  /** Raw section ids. Undefined: any section. */
  readonly sectionIds?: readonly string[] | undefined;
  /** One of the seats is a wheelchair place, with the others beside it. Otherwise none is. */
  readonly accessible?: boolean | undefined;
};

/**
 * Holds the best seats that are free: next to each other in one row, or in two adjacent rows, the nearest to the stage,
 * with no single seat left beside them where another choice exists. They are chosen behind the event's lock, so callers
 * at the same time get different seats. The same key with the same request returns the same booking, `replayed`. Throws
 * one of `createBookingRefusals`; SeatsUnavailable without seats means that there are none for this party.
 */
export async function holdBestAvailable(
  needs: CreateBookingNeeds,
  viewer: Viewer,
  request: HoldBestAvailableRequest,
): Promise<{ booking: Booking; replayed: boolean }> {
  const { eventId, quantity, admission } = request;
  if (!isUuid(eventId)) throw new NotFound('event');
  requireIdempotencyKey(request.idempotencyKey);
  requireQuantity(quantity);
  const sale = await orTryAgain(needs.writer.sales.find(eventId));
  if (!sale || sale.status === 'DRAFT') throw new NotFound('event');
  refuseTooMany(quantity, sale, needs.writer);
  const plan = await orTryAgain(needs.writer.plans.get(sale.planId));
  refuseIfFarTooEarly(sale);
  const command = commandOf(viewer, request, plan);
  const admitted = needs.requireAdmission?.(viewer, { eventId, admission });
  const earlier = admitted && (await earlierUnless(admitted, needs, { eventId, command }));
  if (earlier) return earlier;
  const answer = await needs.writer.submit(eventId, command);
  if (answer.kind === 'held') return { booking: toBooking(answer.booking), replayed: answer.replayed };
  if (answer.kind === 'noBestSeats') throw noBestSeats(eventId, quantity, answer.version);
  if (answer.kind === 'noLevel') throw new InvalidInput('priceLevel', 'This event has no price level with this key.');
  throw refusalOf(answer, { eventId, planId: plan.planId, seats: quantity, field: 'ticketType' });
}

function requireQuantity(quantity: number): void {
  if (!Number.isInteger(quantity) || quantity < 1) throw new InvalidInput('quantity', 'Ask for at least one seat.');
}

function commandOf(viewer: Viewer, request: HoldBestAvailableRequest, plan: SeatingPlan): HoldBestCommand {
  const { eventId, quantity, accessible = false, priceLevel: level, ticketType } = request;
  const sections = sectionsOf(plan, request.sectionIds);
  const places = sections && [...sections].sort((one, other) => one - other);
  const codes = request.codes?.length ? givenCodes(eventId, request.codes) : undefined;
  const hashes = codes ? [codes.map(({ hash }) => hash)] : [];
  const wanted = JSON.stringify([eventId, quantity, accessible, level, ticketType, places, ...hashes]);
  return {
    kind: 'holdBest',
    bookingId: randomUUIDv7(),
    userId: viewer.userId,
    planId: plan.planId,
    party: { size: quantity, wheelchairPlaces: accessible ? 1 : 0 },
    sections,
    level,
    ticketType,
    idempotencyKey: request.idempotencyKey,
    quoteHash: request.quoteHash,
    addressKey: request.addressKey,
    codes,
    requestHash: createHash('sha256').update(wanted).digest('base64url'),
  };
}

function sectionsOf(plan: SeatingPlan, sectionIds: readonly string[] | undefined): ReadonlySet<number> | undefined {
  if (sectionIds === undefined) return undefined;
  if (sectionIds.length === 0)
    throw new InvalidInput('sectionIds', 'Name at least one section, or leave the field out.');
  return new Set(
    sectionIds.map((id) => {
      const place = plan.sections.findIndex((section) => section.id === id);
      if (place < 0) throw new InvalidInput('sectionIds', 'This event has no such section.');
      return place;
    }),
  );
}

function noBestSeats(eventId: string, quantity: number, version: number): SeatsUnavailable {
  const message =
    quantity === 1
      ? 'No seat that you may have is free.'
      : `There are no ${quantity} free seats together that you may have. Ask for fewer seats, or for other sections.`;
  return new SeatsUnavailable({ eventId, seatNos: [], alternatives: [], version, message });
}
