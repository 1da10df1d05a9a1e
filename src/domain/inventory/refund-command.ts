import type { AuditedChange, Author } from '../organization/audit-statements.ts';

/**
 * A member gives tickets of a confirmed booking back: they are void, and their seats free, or blocked. When no ticket is left
 * the booking ends.
 */
export type RefundCommand = {
  readonly kind: 'refund';
  readonly bookingId: string;
  /** The seats of the tickets. Undefined: of all that are valid. */
  readonly ticketSeatNos: readonly number[] | undefined;
  /** Fees that are not refundable go back as well. */
  readonly refundFees: boolean;
  /** The seats go to an allocation and not to the public. */
  readonly blocks: boolean;
  readonly request: RefundRequest;
  readonly audit: { readonly author: Author; readonly change: AuditedChange };
};

/** Who asked for a refund, why, and by which key. */
export type RefundRequest = {
  /** The id that a new refund gets, unless it ends its booking: then it has the booking's, as every such refund. */
  readonly refundId: string;
  readonly requestedBy: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly reason: string;
};

/** A refund as the writer stores it. The payments service moves those that go through the gateway on. */
export type RefundNote = RefundRequest & {
  readonly id: string;
  readonly bookingId: string;
  readonly status: 'PENDING' | 'SUCCEEDED';
  readonly origin: 'BOOKING' | 'BOX_OFFICE';
  readonly amountMinor: number;
  readonly currency: string;
  readonly seatNos: readonly number[];
};

/** A refund that was asked for before, by its request. */
export type KnownRefund = Omit<RefundNote, 'refundId' | 'status' | 'origin'> & {
  readonly status: 'PENDING' | 'SUCCEEDED' | 'FAILED';
  readonly origin: string;
};

/** What of a booking was refunded while it went on. */
export type VoidedTickets = { readonly tickets: number; readonly backMinor: number };
