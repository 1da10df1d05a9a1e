import { createHash, randomUUIDv7 } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ONE_ROUND_TRIP } from '#db/prepared.ts';
import { bookingRefunds, bookings, tickets } from '#db/tables/booking.ts';
import { events } from '#db/tables/catalog.ts';
import { isUuid } from '#shared/uuid.ts';
import { type Booking, toBooking } from '../booking/booking.ts';
import type { BookingRefund, Ticket } from '../booking/booking-queries.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { requireIdempotencyKey } from '../idempotency-key-rules.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import type { RefundCommand } from '../inventory/refund-command.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Author } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { actorIdOf } from '../organization/standing-queries.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import { NotRefundable } from './errors.ts';

export const refundTicketsRefusals = [
  NotRefundable,
  InvalidInput,
  NotFound,
  NotAllowed,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

type Needs = {
  readonly db: Db;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly writer: Pick<InventoryWriter, 'submit'>;
};

export type RefundInput = {
  readonly bookingId: string;
  /** Raw ids. Undefined: all that are valid. */
  readonly ticketIds?: readonly (string | undefined)[] | undefined;
  /** Fees that the price list calls not refundable go back as well. */
  readonly refundFees: boolean;
  /** What becomes of the seats. */
  readonly seats: 'FREE' | 'BLOCKED';
  /** For the fan and the members of the organization: 1 to 500 characters. */
  readonly reason: string;
  /** 1 to 200 printable characters, chosen by the caller. */
  readonly idempotencyKey: string;
};

/** A booking, as far as a refund of it needs it. */
type Refundable = {
  readonly eventId: string;
  readonly organizationId: string;
  readonly tickets: readonly Ticket[];
};

export type Refunded = { readonly booking: Booking; readonly refund: BookingRefund };

/**
 * Gives tickets of a confirmed booking back, all that are named or none: they are void at once, and the gateway is asked for
 * their money. What the box office sold is recorded as given back by hand. When no valid ticket is left the booking is
 * cancelled. The same key with the same request returns the refund that it made, as it is now. Throws one of
 * `refundTicketsRefusals`.
 */
export async function refundTickets(needs: Needs, actor: Actor, input: RefundInput): Promise<Refunded> {
  const found = isUuid(input.bookingId) ? await orTryAgain(findRefundable(needs.db, input.bookingId)) : undefined;
  if (!found) throw new NotFound('booking');
  const { organizationId } = found;
  const operation = 'Mutation.refundTickets';
  const role = await orTryAgain(needs.rights.requireRight({ actor, operation, organizationId }, 'booking'));
  return refundAs(needs, { found, author: { actor, role } }, input);
}

/** The same for a caller whose right was checked. */
export async function refundAs(
  needs: Omit<Needs, 'rights'>,
  { found, author }: { readonly found: Refundable; readonly author: Author & { readonly actor: Actor } },
  input: RefundInput,
): Promise<Refunded> {
  const command = commandOf(input, { found, author });
  const answer = await needs.writer.submit(found.eventId, command);
  if (answer.kind === 'keyReused') throw new IdempotencyKeyReused();
  if (answer.kind === 'notRefundable') throw refusalOf(answer.seatNos, found.tickets);
  if (answer.kind !== 'refunded') throw new NotFound('booking');
  const { booking } = answer;
  const refund = await orTryAgain(readRefund(needs.db, answer.refund.id));
  const left = booking.status === 'CONFIRMED' ? booking.seats.map(({ seatNo }) => seatNo) : [];
  const valid = found.tickets.filter(({ seatNo }) => left.includes(seatNo));
  return { booking: { ...toBooking(booking), tickets: booking.sale ? valid : valid.map(withoutCode) }, refund };
}

function commandOf(
  input: RefundInput,
  { found, author }: { readonly found: Refundable; readonly author: Author & { readonly actor: Actor } },
): RefundCommand {
  const { organizationId, eventId } = found;
  const { bookingId } = input;
  requireIdempotencyKey(input.idempotencyKey);
  const reason = requireText('reason', 'The reason', input.reason, { atMost: 500, hasLines: true });
  const ticketSeatNos = input.ticketIds && seatNosOf(input.ticketIds, found.tickets);
  const { refundFees, seats, idempotencyKey } = input;
  const asked = { bookingId, tickets: ticketSeatNos ?? 'ALL', refundFees, seats, reason };
  return {
    kind: 'refund',
    bookingId,
    ticketSeatNos,
    refundFees,
    blocks: seats === 'BLOCKED',
    request: {
      refundId: randomUUIDv7(),
      requestedBy: actorIdOf(author.actor),
      idempotencyKey,
      requestHash: createHash('sha256').update(JSON.stringify(asked)).digest('base64url'),
      reason,
    },
    audit: {
      author,
      change: {
        organizationId,
        operation: 'refundTickets',
        subject: { type: 'Event', id: eventId },
        after: { bookingId, tickets: ticketSeatNos?.length ?? 'ALL', refundFees, seats },
      },
    },
  };
}

/** The code of a fan's ticket is the ticket: it is for the fan alone. */
const withoutCode = (ticket: Ticket): Ticket => ({ ...ticket, code: '' });

/** The booking's tickets, also those that are void, by seat. Undefined for an unknown booking. */
export async function findRefundable(db: Db, bookingId: string): Promise<Refundable | undefined> {
  const rows = await db
    .select({ eventId: bookings.eventId, organizationId: events.organizationId, ticket: tickets })
    .from(bookings)
    .innerJoin(events, eq(events.id, bookings.eventId))
    .leftJoin(tickets, eq(tickets.bookingId, bookings.id))
    .where(eq(bookings.id, bookingId))
    .orderBy(asc(tickets.seatNo))
    .prepare(ONE_ROUND_TRIP)
    .execute();
  const [first] = rows;
  if (!first) return undefined;
  const { eventId, organizationId } = first;
  return { eventId, organizationId, tickets: rows.flatMap(({ ticket }) => (ticket ? [ticket] : [])) };
}

async function readRefund(db: Db, id: string): Promise<BookingRefund> {
  const [refund] = await db
    .select()
    .from(bookingRefunds)
    .where(eq(bookingRefunds.id, id))
    .prepare(ONE_ROUND_TRIP)
    .execute();
  if (!refund) throw new Error(`the refund ${id} was stored and is gone`);
  return refund;
}

/** Sorted, so that requests for the same tickets are equal. */
function seatNosOf(ids: readonly (string | undefined)[], known: readonly Ticket[]): number[] {
  if (ids.length === 0) throw new InvalidInput('ticketIds', 'Name at least one ticket, or leave the list out for all.');
  const seatNos = ids.map((id) => {
    const ticket = known.find((one) => one.id === id);
    if (!ticket) throw new InvalidInput('ticketIds', 'The booking has no such ticket.');
    return ticket.seatNo;
  });
  if (new Set(seatNos).size < seatNos.length)
    throw new InvalidInput('ticketIds', 'The list contains the same ticket twice.');
  return seatNos.sort((a, b) => a - b);
}

function refusalOf(seatNos: readonly number[], known: readonly Ticket[]): NotRefundable {
  if (seatNos.length === 0)
    return new NotRefundable(
      'Only a confirmed booking has tickets that can be refunded, while its event is not cancelled.',
    );
  const gone = known.filter(({ seatNo }) => seatNos.includes(seatNo)).map(({ id }) => id);
  return new NotRefundable('Some of these tickets were refunded before. Nothing was changed.', gone);
}
