import type { BookingStatus, PaymentStatus } from '../booking-status.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import type { StoredEventStatus } from '../catalog/event-status-rules.ts';
import type { UnpaidRefusal } from '../hoarding/unpaid-book-rules.ts';
import type { AuditedChange, Author } from '../organization/audit-statements.ts';
import type { Quote } from '../pricing/quote-rules.ts';
import type { SplitLine } from '../pricing/split-line.ts';
import type { PricedSeat, StoredCharges } from '../pricing/stored-line-rules.ts';
import type { TenderNote } from '../tender-rules.ts';
import type { AccessiblePool } from './accessible-pool-rules.ts';
import type { GivenCode } from './code-rules.ts';
import type { Party } from './party-rules.ts';
import type { KnownRefund, RefundCommand, RefundNote, VoidedTickets } from './refund-command.ts';
import type { SaleLimits } from './sale-limits-rules.ts';
import type { SeatStatus } from './seat-status.ts';

/** What the inventory writer is asked to do. Seat numbers are sorted and unique; ids are raw UUIDs. */
export type HoldCommand = {
  readonly kind: 'hold';
  /** The id that a new booking gets. */
  readonly bookingId: string;
  readonly userId: string;
  readonly planId: string;
  readonly seatNos: readonly number[];
  readonly idempotencyKey: string;
  readonly requestHash: string;
  /** The ticket type of each seat; undefined, as a whole or for one seat: the default of its level. */
  readonly ticketTypes?: readonly (string | undefined)[] | undefined;
  /** Holds the seats only at the prices of the quote with this hash. Undefined: at any price. */
  readonly quoteHash?: string | undefined;
  /** The address of the caller; see `openAddressKeys`. Undefined: the hold counts for no address. */
  readonly addressKey?: string | undefined;
  /** Undefined: none. */
  readonly codes?: readonly GivenCode[] | undefined;
  /** Places of general admission sections, beside the seats. The writer takes the lowest free ones. */
  readonly areas?: readonly WantedPlaces[] | undefined;
};

/** `section` is a place in the plan's list of sections. Undefined ticket type: the default of each place. */
export type WantedPlaces = {
  readonly section: number;
  readonly quantity: number;
  readonly ticketType: string | undefined;
};

/** Holds the best seats that are free behind the event's lock, so that two such commands never choose the same ones. */
export type HoldBestCommand = Omit<HoldCommand, 'kind' | 'seatNos' | 'ticketTypes' | 'areas'> & {
  readonly kind: 'holdBest';
  /** Undefined: the default of each seat's level. */
  readonly ticketType?: string | undefined;
  readonly party: Party;
  /** Places in the plan's list of sections. Undefined: any section. */
  readonly sections?: ReadonlySet<number> | undefined;
  /** The key of a price level. Undefined: any price. */
  readonly level?: string | undefined;
};

/** What makes a new booking. */
export type Holding = HoldCommand | HoldBestCommand;

/** Money has arrived. For an EXPIRED booking this is a retake: exactly the same seats, if they are free. */
export type ConfirmCommand = {
  readonly kind: 'confirm';
  readonly bookingId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /**
   * One per seat of the booking. Signed beforehand, so that other commands do not wait for the event's lock
   * meanwhile.
   */
  readonly tickets: readonly NewTicket[];
};

export type ReleaseCommand =
  | { readonly kind: 'release'; readonly reason: 'EXPIRED' | 'FAILED' | 'REFUNDED'; readonly bookingId: string }
  | { readonly kind: 'release'; readonly reason: 'CANCELLED'; readonly bookingId: string; readonly userId: string }
  /** The event was cancelled. `refundFees`: fees that are not refundable are refunded as well. */
  | {
      readonly kind: 'release';
      readonly reason: 'EVENT_CANCELLED';
      readonly bookingId: string;
      readonly refundFees: boolean;
    };

/** The payment session is open, but it opened late: the hold is extended once, by the delay. */
export type OpenSessionCommand = { readonly kind: 'openSession'; readonly bookingId: string; readonly url: string };

/** What becomes of the seats of an organizer's command: an allocation, or the public. */
export type NewAllocation = {
  readonly name: string;
  /** Undefined: that of the allocation stays. */
  readonly reason: string | null | undefined;
  readonly releaseAtMs: number | null | undefined;
};

/** Gives all these seats to an allocation, or to the public, or none of them. */
export type AllocateCommand = {
  readonly kind: 'allocate';
  readonly planId: string;
  readonly seatNos: readonly number[];
  /** Null: the seats go to the public. */
  readonly allocation: NewAllocation | null;
  readonly audit: { readonly author: Author; readonly change: AuditedChange };
};

/** Sells seats at the box office: books all of them at once, those of allocations as well, or none. */
export type SellCommand = Omit<HoldCommand, 'kind' | 'addressKey' | 'codes'> & {
  readonly kind: 'sell';
  readonly sale: TenderNote;
  /** The account or the access key. */
  readonly soldBy: string;
  /** Signs the ticket of a seat. Those of seats are signed beforehand, and those of places behind the event's lock. */
  readonly ticketFor: (seatNo: number) => NewTicket;
  readonly audit: { readonly author: Author; readonly change: AuditedChange };
};

/** The time of the allocation is over: what is left of it goes to the public. */
export type EndAllocationCommand = { readonly kind: 'endAllocation'; readonly name: string };

export type InventoryCommand =
  | Holding
  | ConfirmCommand
  | ReleaseCommand
  | OpenSessionCommand
  | SellCommand
  | RefundCommand
  | AllocateCommand
  | EndAllocationCommand;

export type NewTicket = { readonly id: string; readonly seatNo: number; readonly code: string };

/** A booking as the rules see it: times are milliseconds since 1970 by the database's clock. */
export type BookingState = {
  readonly id: string;
  readonly userId: string;
  readonly eventId: string;
  readonly status: BookingStatus;
  readonly totalMinor: number;
  /** What is paid beside the seats: fees of the booking and their added taxes, which `charges` names. */
  readonly feeMinor: number;
  readonly charges: StoredCharges | null;
  readonly currency: string;
  readonly holdExpiresAtMs: number;
  readonly holdExtendedAtMs: number | null;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly paymentStatus: PaymentStatus;
  readonly paymentUrl: string | null;
  readonly refundedMinor: number | null;
  /** Tickets that were refunded while it went on, and how much was to go back for them. Undefined or null: none. */
  readonly voided?: VoidedTickets | null;
  readonly version: number;
  readonly createdAtMs: number;
  readonly confirmedAtMs: number | null;
  readonly releasedAtMs: number | null;
  readonly seats: readonly PricedSeat[];
  /** The codes with which it was made; null without codes. */
  readonly codeIds: readonly string[] | null;
  /** Of a booking that the box office sold; undefined or null for one that a fan made. */
  readonly sale?: TenderNote | null;
};

/** No state = AVAILABLE. */
export type SeatState = {
  readonly status: SeatStatus;
  readonly bookingId: string | null;
  readonly holdExpiresAtMs: number | null;
  /** To whom a release gives the seat. Undefined: to the public. */
  readonly allocation?: string | undefined;
};

/** The event as it is at the moment of the write. */
export type EventSale = {
  readonly eventId: string;
  readonly organizationId: string;
  readonly planId: string;
  readonly title: string;
  readonly status: StoredEventStatus;
  readonly salesPaused: boolean;
  readonly onSaleAtMs: number;
  readonly offSaleAtMs: number;
  /** Its end or, when that is not known, its start. */
  readonly endsAtMs: number;
  readonly cancellableUntilMs: number | null;
  readonly currency: string;
  /** The price list in force. Null: the event sells nothing. */
  readonly priceListId: string | null;
  readonly orphanPolicy: OrphanPolicy;
} & SaleLimits &
  AccessiblePool;

export type UnconfirmableReason =
  | 'AMOUNT_MISMATCH'
  | 'SEATS_TAKEN'
  | 'TOO_MANY_SEATS'
  | 'CODE_USED_UP'
  | 'BOOKING_CANCELLED'
  | 'BOOKING_FAILED';

/** `fresh`: this command made the change; otherwise it was made before. */
export type InventoryOutcome =
  | { readonly kind: 'held'; readonly booking: BookingState; readonly replayed: boolean }
  | { readonly kind: 'sold'; readonly booking: BookingState; readonly replayed: boolean }
  | { readonly kind: 'seatsUnavailable'; readonly seatNos: readonly number[] }
  | { readonly kind: 'noBestSeats'; readonly version: number }
  | { readonly kind: 'tooManySeats'; readonly limit: number }
  | { readonly kind: 'priceChanged'; readonly quote: Quote }
  /** The price list does not sell these tickets; `message` is the reason. */
  | { readonly kind: 'notSold'; readonly message: string }
  | { readonly kind: 'notOnSale'; readonly opensInMs: number | null; readonly opensAtMs: number | null }
  /** The sale goes on later; it is not known when. */
  | { readonly kind: 'salePaused'; readonly why: 'PAUSED' | 'POSTPONED' }
  | UnpaidRefusal
  | { readonly kind: 'codeInvalid'; readonly code: string }
  | {
      readonly kind: 'leavesSingle';
      readonly seatNos: readonly number[];
      readonly alternatives: readonly (readonly number[])[];
      readonly version: number;
    }
  /** `changed`: how many seats have another allocation now. */
  | { readonly kind: 'allocated'; readonly changed: number }
  | { readonly kind: 'noEvent' | 'noSeat' | 'noLevel' | 'keyReused' | 'noBooking' | 'seenBefore' }
  | { readonly kind: 'confirmed'; readonly booking: BookingState; readonly retaken: boolean; readonly fresh: boolean }
  | { readonly kind: 'unconfirmable'; readonly booking: BookingState; readonly reason: UnconfirmableReason | undefined }
  | { readonly kind: 'released'; readonly booking: BookingState; readonly fresh: boolean }
  | { readonly kind: 'refunded'; readonly booking: BookingState; readonly refund: RefundNote | KnownRefund }
  /** `seatNos`: of the tickets that are void already. None: the booking has no tickets, or its event was cancelled. */
  | { readonly kind: 'notRefundable'; readonly booking: BookingState; readonly seatNos: readonly number[] }
  | { readonly kind: 'extended'; readonly booking: BookingState }
  | { readonly kind: 'kept'; readonly booking: BookingState };

/** One change of a booking. */
export type BookingTransition =
  | { readonly type: 'held' | 'expired' | 'failed'; readonly booking: BookingState; readonly version: number }
  | { readonly type: 'confirmed'; readonly booking: BookingState; readonly version: number; readonly retaken: boolean }
  | {
      readonly type: 'cancelled';
      readonly booking: BookingState;
      readonly version: number;
      readonly refundDue: boolean;
      /** Of all of its refunds together, if that is less than the total. Undefined: the total. */
      readonly refundMinor?: number;
      /** What this end gives back, without what went back before it. */
      readonly dueMinor: number;
    }
  /** `seats` are those that the booking had until now. `back`: what the gateway gives back for them. */
  | {
      readonly type: 'voided';
      readonly booking: BookingState;
      readonly seats: readonly PricedSeat[];
      readonly version: number;
      readonly back?: { readonly refund: RefundNote; readonly split: readonly SplitLine[] };
    }
  /** The box office gave money back by hand. */
  | {
      readonly type: 'repaid';
      readonly booking: BookingState;
      readonly refund: RefundNote;
      readonly split: readonly SplitLine[];
    }
  | { readonly type: 'unconfirmable'; readonly booking: BookingState; readonly reason: UnconfirmableReason }
  | { readonly type: 'extended'; readonly booking: BookingState };

/** Seats that belong to no booking came to an allocation (BLOCKED), or to the public (AVAILABLE). */
export type SeatTransition =
  | {
      readonly type: 'allocated';
      readonly seatNos: readonly number[];
      readonly allocation: string;
      readonly version: number;
    }
  | { readonly type: 'opened'; readonly seatNos: readonly number[]; readonly version: number };

/** One change, in order. Those with a `version` moved seats; each becomes one row of the outbox. */
export type Transition = BookingTransition | SeatTransition;

export const isOfBooking = (transition: Transition): transition is BookingTransition => 'booking' in transition;
