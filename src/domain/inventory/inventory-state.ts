import type { HoardingPolicy } from '../hoarding/hoarding-policy-rules.ts';
import type { Prices } from '../pricing/quote-rules.ts';
import type { Hall } from './block-search-rules.ts';
import type { CodeState } from './code-rules.ts';
import type { FreeSeats } from './free-seats-rules.ts';
import type { BookingState, EventSale, NewAllocation, NewTicket, SeatState, Transition } from './inventory-command.ts';
import type { KnownRefund, RefundNote } from './refund-command.ts';

export type InventoryPolicy = {
  readonly holdTtlSeconds: number;
  readonly maxSeatsPerBooking: number;
  /** Seats of one user at one event, in bookings that are PENDING_PAYMENT or CONFIRMED. */
  readonly maxSeatsPerEvent: number;
  /** The longest extension of a hold. A hold is extended once, when the delay was our fault. Default 120. */
  readonly maxExtensionSeconds?: number;
  /** What one caller may hold unpaid. Undefined: there is no such limit. */
  readonly hoarding?: HoardingPolicy | undefined;
};

/** What one write reads once it has the event's lock. Seats that are not listed are AVAILABLE. */
export type InventoryState = {
  readonly nowMs: number;
  readonly version: number;
  /** All seats of the event. */
  readonly capacity: number;
  readonly sale: EventSale;
  readonly seats: ReadonlyMap<number, SeatState>;
  /** The AVAILABLE seats of the plan. Only read when a decision looks at more than the wanted seats. Undefined: all. */
  readonly free?: FreeSeats | undefined;
  /**
   * The bookings that commands name, those with an overdue hold on a wanted seat, and those made with a command's
   * key.
   */
  readonly bookings: ReadonlyMap<string, BookingState>;
  /** By `keyOf`. */
  readonly bookingIdByKey: ReadonlyMap<string, string>;
  /** Seats in PENDING_PAYMENT and CONFIRMED bookings of this event. */
  readonly seatCountByUser: ReadonlyMap<string, number>;
  /** By hash, and by id. Undefined: no command is about a code. */
  readonly codes?: ReadonlyMap<string, CodeState> | undefined;
  /** By `keyOf` of who asked. Undefined: no command is a refund. */
  readonly refundByKey?: ReadonlyMap<string, KnownRefund> | undefined;
  /** When allocations end, by name: those that a command may end. */
  readonly releaseAtMs?: ReadonlyMap<string, number | null> | undefined;
};

export type Rules = {
  readonly policy: InventoryPolicy;
  /** The key of the seat's price level; undefined for a seat that the event does not sell. */
  readonly levelOf: (seatNo: number) => string | undefined;
  /** The price list in force. */
  readonly prices: Prices;
  /** Needed by commands that want the best seats. */
  readonly hall?: Hall;
};

/** What the write has to store in the database. */
export type WorkResult = {
  readonly transitions: readonly Transition[];
  /** Before the commands, and after them. */
  readonly versionBefore: number;
  readonly version: number;
  readonly seats: ReadonlyMap<number, SeatState>;
  readonly created: readonly BookingState[];
  readonly updated: ReadonlyMap<string, BookingState>;
  readonly tickets: readonly { readonly bookingId: string; readonly tickets: readonly NewTicket[] }[];
  readonly voidedTicketsOf: readonly string[];
  readonly refunds: readonly RefundNote[];
  /** By the id of a code: how many more uses it has now. */
  readonly codeUses: ReadonlyMap<string, number>;
  /** By name. Null: the allocation has ended. */
  readonly allocations: ReadonlyMap<string, NewAllocation | null>;
};
