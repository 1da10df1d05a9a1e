import type { DomainEvent, DomainEventType } from '#events/contracts.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { splitOf } from '../pricing/split-of-booking.ts';
import { readCharges, type StoredCharges, type StoredLine } from '../pricing/stored-line-rules.ts';
import {
  type BookingState,
  type EventSale,
  isOfBooking,
  type SeatTransition,
  type Transition,
} from './inventory-command.ts';
import type { SeatChange } from './seat-change.ts';
import type { SeatStatus } from './seat-status.ts';

/** The event that is published for a transition: exactly one message each. */
export function eventOf(transition: Transition, about: { sale: EventSale; plan: SeatingPlan }): DomainEvent {
  if (!isOfBooking(transition)) return seatsEventOf(transition, about.sale.eventId);
  const { booking } = transition;
  const of = { aggregateId: booking.id, eventId: booking.eventId, userId: booking.userId };
  if (transition.type === 'unconfirmable')
    return { type: 'BookingConfirmationFailed', ...of, reason: transition.reason };
  if (transition.type === 'extended')
    return { type: 'HoldExtended', ...of, holdExpiresAt: iso(booking.holdExpiresAtMs) };
  if (transition.type === 'repaid') return repaymentOf(transition, about.sale);
  if (transition.type === 'voided') return voidingOf(transition, of);
  const seats = { version: transition.version, seatNos: booking.seats.map((seat) => seat.seatNo) };
  switch (transition.type) {
    case 'held':
      return { type: 'BookingCreated', ...of, ...seats, ...bill(booking, about) };
    case 'confirmed': {
      const confirmedAt = iso(booking.confirmedAtMs ?? 0);
      const sold = booking.sale && { sale: saleOf(booking, booking.sale.tender, about.sale.organizationId) };
      return { type: 'BookingConfirmed', ...of, ...seats, confirmedAt, retaken: transition.retaken, ...sold };
    }
    case 'cancelled': {
      const { refundDue, refundMinor } = transition;
      const amount = refundMinor === undefined ? {} : { refundMinor };
      const tender = booking.sale ? { tender: booking.sale.tender } : {};
      return { type: 'BookingCancelled', ...of, ...seats, refundDue, ...amount, ...tender };
    }
    case 'expired':
      return { type: 'BookingExpired', ...of, ...seats };
    case 'failed':
      return { type: 'BookingFailed', ...of, ...seats };
  }
}

type Of<T extends Transition['type']> = Extract<Transition, { type: T }>;

function voidingOf(
  { seats, version, back }: Of<'voided'>,
  of: { aggregateId: string; eventId: string; userId: string },
): DomainEvent {
  const seatNos = seats.map(({ seatNo }) => seatNo);
  if (!back) return { type: 'TicketsVoided', ...of, version, seatNos };
  const { id, amountMinor, currency, reason } = back.refund;
  return {
    type: 'TicketsVoided',
    ...of,
    version,
    seatNos,
    refund: { id, amountMinor, currency, reason, split: [...back.split] },
  };
}

function repaymentOf({ booking, refund, split }: Of<'repaid'>, { organizationId }: EventSale): DomainEvent {
  const { id: refundId, amountMinor, currency, reason, seatNos } = refund;
  return {
    type: 'BoxOfficeRefunded',
    ...{ aggregateId: booking.id, eventId: booking.eventId, userId: booking.userId, refundId, organizationId },
    ...{ tender: booking.sale?.tender ?? '', amountMinor, currency, reason },
    seatNos: [...seatNos],
    split: [...split],
  };
}

function saleOf(booking: BookingState, tender: string, organizationId: string) {
  const { totalMinor, currency } = booking;
  return { organizationId, tender, totalMinor, currency, split: splitOf(booking) };
}

function seatsEventOf(transition: SeatTransition, eventId: string): DomainEvent {
  const { version } = transition;
  const of = { aggregateId: eventId, eventId, version, seatNos: [...transition.seatNos] };
  return transition.type === 'allocated'
    ? { type: 'SeatsAllocated', ...of, allocation: transition.allocation }
    : { type: 'SeatsOpened', ...of };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function bill(booking: BookingState, { sale, plan }: { sale: EventSale; plan: SeatingPlan }) {
  return {
    totalMinor: booking.totalMinor,
    currency: booking.currency,
    holdExpiresAt: iso(booking.holdExpiresAtMs),
    description: sale.title,
    lines: [
      ...booking.seats.map(({ seatNo, priceMinor, feeMinor, line }) => ({
        label: seatName(plan, seatNo) + typeName(line, booking),
        amountMinor: priceMinor + feeMinor,
      })),
      ...linesOf(booking.charges),
    ],
    organizationId: sale.organizationId,
    split: splitOf(booking),
  };
}

/** A fan who buys tickets of one type knows which. */
function typeName(line: StoredLine | null, { seats }: BookingState): string {
  return line && seats.some((seat) => seat.line?.type !== line.type) ? `, ${line.name}` : '';
}

/** What the booking pays beside its seats: its fees, and the taxes that are added to them. */
function linesOf(charges: StoredCharges | null): { label: string; amountMinor: number }[] {
  if (!charges) return [];
  const { fees, taxes } = readCharges(charges);
  return [...fees, ...taxes.filter(({ inclusive }) => !inclusive)].map(({ name, amountMinor }) => ({
    label: name,
    amountMinor,
  }));
}

function seatName(plan: SeatingPlan, seatNo: number): string {
  const section = plan.sections[plan.sectionOf[seatNo] ?? 0]?.label ?? '';
  return `Section ${section}, row ${plan.rowOf[seatNo] ?? ''}, seat ${plan.labelOf[seatNo] ?? ''}`;
}

/** The message of each transition that moves seats, and what the seats become. */
const seatTransitions = {
  held: { message: 'BookingCreated', status: 'HELD' },
  confirmed: { message: 'BookingConfirmed', status: 'BOOKED' },
  expired: { message: 'BookingExpired', status: 'AVAILABLE' },
  failed: { message: 'BookingFailed', status: 'AVAILABLE' },
  cancelled: { message: 'BookingCancelled', status: 'AVAILABLE' },
  voided: { message: 'TicketsVoided', status: 'AVAILABLE' },
  allocated: { message: 'SeatsAllocated', status: 'BLOCKED' },
  opened: { message: 'SeatsOpened', status: 'AVAILABLE' },
} as const satisfies Record<string, { message: DomainEventType; status: SeatStatus }>;

const statusByMessage: ReadonlyMap<DomainEventType, SeatStatus> = new Map(
  Object.values(seatTransitions).map(({ message, status }) => [message, status]),
);

/** The status that the seats of a message have from its version on; undefined when the message moves no seats. */
export const seatStatusAfter = (message: DomainEventType): SeatStatus | undefined => statusByMessage.get(message);

/** The seats that a transition moves. */
export function movedSeatsOf(transition: Transition): readonly number[] {
  if (!isOfBooking(transition)) return transition.seatNos;
  const { seats } = transition.type === 'voided' ? transition : transition.booking;
  return seats.map(({ seatNo }) => seatNo);
}

/** The changes that the seat map has to show, by version. */
export function seatChangesOf(transitions: readonly Transition[]): SeatChange[] {
  return transitions.flatMap((transition) =>
    'version' in transition
      ? [
          {
            version: transition.version,
            status: seatTransitions[transition.type].status,
            seatNos: movedSeatsOf(transition),
          },
        ]
      : [],
  );
}
