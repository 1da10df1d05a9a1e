import { createHash, randomUUIDv7 } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { requireEmail } from '../account/account-rules.ts';
import { type Booking, toBooking } from '../booking/booking.ts';
import { type BookingLine, parseLines, placesIn } from '../booking/booking-lines.ts';
import { refusalOf, refuseLoneCompanions, refusePartOfTable } from '../booking/create-booking.ts';
import {
  CompanionWithoutPlace,
  EventNotOnSale,
  PriceChanged,
  SeatsUnavailable,
  TooManySeats,
} from '../booking/errors.ts';
import type { TicketSigner } from '../booking/ticket-code.ts';
import { hasSeat, type SeatingPlan } from '../catalog/seating-plan.ts';
import { counterOf } from '../counter-rules.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { requireIdempotencyKey } from '../idempotency-key-rules.ts';
import type { SellCommand } from '../inventory/inventory-command.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Author } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { actorIdOf } from '../organization/standing-queries.ts';
import type { Tender, TenderNote } from '../tender-rules.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import { type OrganizerEvent, requireOrganizerEvent } from './organizer-event-queries.ts';

export const sellAtBoxOfficeRefusals = [
  InvalidInput,
  NotFound,
  NotAllowed,
  EventNotOnSale,
  SeatsUnavailable,
  CompanionWithoutPlace,
  PriceChanged,
  TooManySeats,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

export type SellNeeds = {
  readonly db: Db;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly writer: Pick<InventoryWriter, 'submit' | 'plans'>;
  readonly ticketSigner: Pick<TicketSigner, 'sign'>;
};

export type SellInput = {
  readonly eventId: string;
  readonly lines: readonly BookingLine[];
  readonly tender: Tender;
  /** Of a receipt, an invoice, or the reason of a gift. */
  readonly reference?: string | undefined;
  /** Who has the tickets. */
  readonly holder?: { readonly name: string; readonly email?: string | undefined } | undefined;
  /** Sells at the prices of this quote or not at all. */
  readonly quoteHash?: string | undefined;
  /** 1 to 200 printable characters, chosen by the seller; kept for 30 days. */
  readonly idempotencyKey: string;
};

/**
 * Books all these seats of an event at once, with their tickets and without a payment, or none of them. The same key with
 * the same request returns the same booking, as it is now. Throws one of `sellAtBoxOfficeRefusals`.
 */
export async function sellAtBoxOffice(needs: SellNeeds, actor: Actor, input: SellInput): Promise<{ booking: Booking }> {
  const asked = { eventId: input.eventId, operation: 'Mutation.sellAtBoxOffice' } as const;
  const { event, author } = await requireOrganizerEvent(needs, actor, asked);
  return sellAt(needs, { event, author: { ...author, actor } }, input);
}

/** The same for a seller whose right the caller has checked. */
export async function sellAt(
  { writer, ticketSigner }: Omit<SellNeeds, 'rights'>,
  { event, author }: { readonly event: OrganizerEvent; readonly author: Author & { readonly actor: Actor } },
  input: SellInput,
): Promise<{ booking: Booking }> {
  const { eventId, planId } = event;
  requireIdempotencyKey(input.idempotencyKey);
  if (event.status === 'DRAFT') throw new InvalidInput('eventId', 'The event is not published.');
  const sale = noteOf(input);
  const plan = await orTryAgain(writer.plans.get(planId));
  const wanted = wantedOf(plan, input, event);
  const { seatNos } = wanted;
  const bookingId = randomUUIDv7();
  const change = {
    organizationId: event.organizationId,
    operation: 'sellAtBoxOffice',
    subject: { type: 'Event', id: eventId },
    after: { bookingId, tender: sale.tender, seats: wanted.count },
  };
  const command: SellCommand = {
    kind: 'sell',
    bookingId,
    userId: counterOf(author.actor),
    planId,
    seatNos,
    ticketTypes: wanted.ticketTypes,
    areas: wanted.areas,
    idempotencyKey: input.idempotencyKey,
    requestHash: hashOf(input, { ...wanted, sale }),
    quoteHash: input.quoteHash,
    sale,
    soldBy: actorIdOf(author.actor),
    ticketFor: ticketsOf(ticketSigner, eventId, seatNos),
    audit: { author, change },
  };
  const answer = await writer.submit(eventId, command);
  if (answer.kind === 'sold') return { booking: toBooking(answer.booking) };
  throw refusalOf(answer, { eventId, planId, seats: wanted.count, field: 'lines' });
}

function wantedOf(plan: SeatingPlan, { lines }: SellInput, { poolIsReleased }: OrganizerEvent) {
  const { planId, seats, places } = parseLines(lines);
  if (planId !== undefined && planId !== plan.planId)
    throw new InvalidInput('lines', 'These seats do not belong to the seating plan of this event.');
  const seatNos = seats.map(({ seatNo }) => seatNo);
  if (!seatNos.every((seatNo) => hasSeat(plan, seatNo))) throw new InvalidInput('lines', 'This seat does not exist.');
  refusePartOfTable(plan, seatNos, 'lines');
  if (!poolIsReleased) refuseLoneCompanions(plan, seatNos);
  return {
    seatNos,
    ticketTypes: seats.map(({ ticketType }) => ticketType),
    areas: places.length > 0 ? placesIn(plan, places) : undefined,
    count: places.reduce((sum, { quantity }) => sum + quantity, seats.length),
  };
}

function noteOf({ tender, reference, holder, quoteHash }: SellInput): TenderNote {
  if (tender === 'COMPLIMENTARY' && quoteHash !== undefined)
    throw new InvalidInput('quoteHash', 'Complimentary tickets have no quote: they cost nothing.');
  return {
    tender,
    tenderReference:
      reference === undefined ? null : requireText('reference', 'A reference', reference, { atMost: 200 }),
    holderName: holder ? requireText('holder.name', 'The name of a holder', holder.name, { atMost: 100 }) : null,
    holderEmail: holder?.email === undefined ? null : requireEmail(holder.email, 'holder.email'),
  };
}

type Hashed = Omit<ReturnType<typeof wantedOf>, 'count'> & { readonly sale: TenderNote };

function hashOf({ eventId }: SellInput, { seatNos, ticketTypes, areas, sale }: Hashed): string {
  const { tender, tenderReference, holderName, holderEmail } = sale;
  const asked = [eventId, seatNos, ticketTypes, areas, tender, tenderReference, holderName, holderEmail];
  return createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
}

/** Signs the tickets of seats now, so that other commands do not wait for the event's lock meanwhile. */
function ticketsOf(
  signer: Pick<TicketSigner, 'sign'>,
  eventId: string,
  seatNos: readonly number[],
): SellCommand['ticketFor'] {
  const signed = (seatNo: number) => {
    const id = randomUUIDv7();
    return { id, seatNo, code: signer.sign({ ticketId: id, eventId, seatNo }) };
  };
  const known = new Map(seatNos.map((seatNo) => [seatNo, signed(seatNo)]));
  return (seatNo) => known.get(seatNo) ?? signed(seatNo);
}
