import type { Tender } from '#domain/tender-rules.ts';

/**
 * What happened, as clients saw it: one record for each operation, written when it ends. Ids are raw UUIDs, instants
 * are milliseconds of `instant()`. The caller makes the record only from the answer that it got.
 */
export type HistoryRecord =
  | HoldRecord
  | CancelRecord
  | ConfirmRecord
  | FailRecord
  | SeatsRead
  | MapRead
  | BookingsRead
  | SeatFrame
  | BookingFrame
  | SeatView
  | OrganizerRecord
  | SaleRecord;

/** The milliseconds of the machine's monotonic clock, with a fraction: the same in all processes of this machine. */
export function instant(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The difference between an instant and a wall clock's epoch milliseconds. The databases share the machine's clock. */
export const wallToInstant = offsetOfClocks();

/** The clocks are read one after the other, so the closest of some readings counts. */
function offsetOfClocks(): number {
  const readings = Array.from({ length: 20 }, () => {
    const before = instant();
    const wall = Date.now();
    return { took: instant() - before, offset: before - wall };
  });
  return readings.reduce((best, reading) => (reading.took < best.took ? reading : best)).offset;
}

/** `refused`: a definite no, nothing happened. `unknown`: it may have happened, may still happen, or never. */
export type Outcome = 'ok' | 'refused' | 'unknown';

export type SeatState = 'AVAILABLE' | 'HELD' | 'BOOKED' | 'BLOCKED';
export type BookingState = 'PENDING_PAYMENT' | 'PAYMENT_READY' | 'CONFIRMED' | 'EXPIRED' | 'FAILED' | 'CANCELLED';

type Timed = {
  /** Before the request was sent, and after its answer was read (or given up). */
  readonly from: number;
  readonly to: number;
};

type Called = Timed & {
  readonly outcome: Outcome;
  /** The code of a refusal, or why the outcome is unknown. */
  readonly code?: string;
};

/** Every attempt is a record of its own; attempts with one (user, key) are one hold. */
export type HoldRecord = Called & {
  readonly kind: 'hold';
  readonly user: string;
  readonly key: string;
  readonly event: string;
  /** Empty when the server chooses them: the best available ones, or places of general admission. */
  readonly seats: readonly number[];
  /** The codes that were given. */
  readonly codes?: readonly string[];
  /** The total of the quote whose hash was sent. */
  readonly agreedMinor?: number;
  /** With `ok` only. */
  readonly answer?: HoldAnswer;
  /** With SEATS_UNAVAILABLE only: the seats that the refusal named. */
  readonly taken?: readonly number[];
};

export type HoldAnswer = {
  readonly booking: string;
  readonly replayed: boolean;
  readonly status: BookingState;
  /** In the order of the answer. */
  readonly seats: readonly number[];
  readonly totalMinor: number;
  readonly currency: string;
  /** An instant: `Date.parse(holdExpiresAt) + wallToInstant`. */
  readonly expiresAt: number;
};

type OfBooking = {
  readonly user: string;
  readonly booking: string;
  readonly event: string;
  readonly seats: readonly number[];
};

export type CancelRecord = Called & OfBooking & { readonly kind: 'cancel' };

/**
 * From before the fan paid until a client saw the result. `ok`: CONFIRMED was seen. `refused`: the money is being or
 * was refunded. `unknown`: paid, or perhaps paid, and neither was seen.
 */
export type ConfirmRecord = Called & OfBooking & { readonly kind: 'confirm' };

/** From before the payment was declined until FAILED was seen (`ok`). `refused`: it ended in another way. */
export type FailRecord = Called & OfBooking & { readonly kind: 'fail' };

/** A read that promises the current state: from the database, not from a map. */
export type SeatsRead = Called & {
  readonly kind: 'seats';
  readonly event: string;
  readonly seats: readonly number[];
  /** With `ok` only: the statuses of `seats`, in their order. */
  readonly states?: readonly SeatState[];
};

/** A seat map: a true past state, that of `version`. */
export type MapRead = Called & {
  readonly kind: 'map';
  readonly event: string;
  /** With `ok` only. */
  readonly map?: SeatMapState;
};

/**
 * `statuses`: two bits per seat, base64, as the API returns them. `asOf`: the instant when it was known to be the
 * newest.
 */
export type SeatMapState = {
  readonly version: number;
  readonly statuses: string;
  readonly stale?: boolean;
  readonly asOf?: number;
};

/** The viewer's bookings, latest first (`viewer.bookings`), or one of them (`booking`). */
export type BookingsRead = Called & {
  readonly kind: 'bookings';
  readonly user: string;
  /** Only this booking was requested. */
  readonly only?: string;
  /** With `ok` only. */
  readonly bookings?: readonly (readonly [booking: string, status: BookingState])[];
  /** The list continues: a missing booking may be on a later page. */
  readonly hasMore?: boolean;
};

type Frame = { readonly subscription: string; readonly at: number };

/** One message of `seatMapChanged`, or the snapshot that a subscription starts from (a reset). */
export type SeatFrame = Frame & {
  readonly kind: 'seatFrame';
  readonly event: string;
  /** Null: a reset, complete by itself. */
  readonly fromVersion: number | null;
  readonly toVersion: number;
};

/** One message of `bookingChanged`. */
export type BookingFrame = Frame & {
  readonly kind: 'bookingFrame';
  readonly user: string;
  readonly booking: string;
  readonly status: BookingState;
};

/** A subscriber's map when everything was quiet: its own, built from frames. */
export type SeatView = Frame & {
  readonly kind: 'view';
  readonly event: string;
  readonly version: number;
  readonly statuses: string;
};

/** One attempt of an organizer to change the sale of an event; attempts with the same words are one change. */
export type OrganizerRecord = Called & OrganizerAct & { readonly kind: 'organizer'; readonly event: string };

export type OrganizerAct =
  | {
      readonly act: 'allocate';
      /** Of this one request alone. Null: the seats go to the public. */
      readonly name: string | null;
      readonly seats: readonly number[];
      /** An instant. */
      readonly releaseAt?: number;
      /** With `ok` only. */
      readonly changed?: number;
    }
  | {
      readonly act: 'codes';
      readonly codes: readonly string[];
      readonly opens: readonly string[];
      /** Off each face price. */
      readonly percent: number;
      readonly uses: number;
    }
  /** `edition`: the name of the price levels, of this one list alone. */
  | { readonly act: 'prices'; readonly edition: string }
  | { readonly act: 'pause' | 'resume' };

/** One attempt of the box office to sell; attempts with one (user, key) are one sale. */
export type SaleRecord = Called & {
  readonly kind: 'sale';
  /** The user of the bookings of this seller in the database. */
  readonly user: string;
  readonly key: string;
  readonly event: string;
  /** Empty when the server chooses them: places of general admission. */
  readonly seats: readonly number[];
  readonly count: number;
  readonly tender: Tender;
  /** The total of the quote whose hash was sent; a gift has none. */
  readonly agreedMinor?: number;
  /** With `ok` only. */
  readonly answer?: SaleAnswer;
};

export type SaleAnswer = Pick<HoldAnswer, 'booking' | 'status' | 'seats' | 'totalMinor'>;

/** An acknowledgement to a client, which must survive everything. */
export type Ack = {
  readonly at: number;
  readonly what: 'held' | 'confirmed' | 'cancelled' | 'failed' | 'refunding';
  readonly booking: string;
  readonly user: string;
  readonly event: string;
};

/** When a record ended. */
export function endOf(record: HistoryRecord): number {
  return 'at' in record ? record.at : record.to;
}
