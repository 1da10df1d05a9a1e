import {
  addressAllowance,
  coolDownMs,
  type HoardingPolicy,
  NO_STRIKES,
  type Strikes,
  strikesAt,
  withOneMore,
} from './hoarding-policy-rules.ts';

export type UnpaidOfViewer = {
  readonly seats: number;
  /** The slot numbers of the viewer's unpaid bookings. */
  readonly slots: readonly number[];
  /** When the first of them ends. */
  readonly firstEndsAtMs: number | null;
  readonly strikes: Strikes;
};

export type UnpaidOfAddress = {
  readonly seats: number;
  readonly seatsByEvent: ReadonlyMap<string, number>;
  readonly strikes: Strikes;
};

/** What callers held when a write had its events' locks. A caller who is not listed holds nothing. */
export type UnpaidState = {
  readonly viewers: ReadonlyMap<string, UnpaidOfViewer>;
  readonly addresses: ReadonlyMap<string, UnpaidOfAddress>;
};

/** A hold that a caller wants: how many seats at which event. */
export type WantedHold = {
  readonly userId: string;
  readonly addressKey: string | undefined;
  readonly eventId: string;
  readonly seats: number;
};

/** Stored with an unpaid booking: the viewer's slot, and the address that its seats count for. */
export type UnpaidMark = { readonly slot: number | null; readonly addressKey: string | undefined };

type Booking = {
  readonly id: string;
  readonly userId: string;
  readonly eventId: string;
  readonly status: string;
  readonly paymentUrl: string | null;
  readonly holdExpiresAtMs: number;
  readonly seats: readonly unknown[];
};

export type UnpaidRefusal =
  | { readonly kind: 'coolingDown'; readonly afterMs: number }
  | {
      readonly kind: 'tooManyUnpaid';
      readonly of: 'VIEWER' | 'ADDRESS' | 'ADDRESS_AT_EVENT';
      readonly limit: number;
      /** When the first of the viewer's holds ends; undefined for an address, whose holds are of many viewers. */
      readonly afterMs: number | undefined;
    };

const NOTHING_OF_VIEWER: UnpaidOfViewer = { seats: 0, slots: [], firstEndsAtMs: null, strikes: NO_STRIKES };
const NOTHING_OF_ADDRESS: UnpaidOfAddress = { seats: 0, seatsByEvent: new Map(), strikes: NO_STRIKES };

/**
 * The unpaid seats of the callers of one write, as the write proceeds. One write decides for several events, and
 * seats that it grants at one event count at the next, so this book is passed from event to event.
 */
export class UnpaidBook {
  readonly #policy: HoardingPolicy | undefined;
  readonly #viewers: Map<string, UnpaidOfViewer>;
  readonly #addresses: Map<string, UnpaidOfAddress>;
  /** The marks of the bookings that were made, by booking id. */
  readonly marks = new Map<string, UnpaidMark>();
  /** Bookings that were paid, and bookings whose holds ended unpaid, not by our fault. */
  readonly endings: { readonly paid: string[]; readonly unpaid: string[] } = { paid: [], unpaid: [] };

  constructor(policy: HoardingPolicy | undefined, state?: UnpaidState) {
    this.#policy = policy;
    this.#viewers = new Map(state?.viewers);
    this.#addresses = new Map(state?.addresses);
  }

  coolingDown(userId: string, nowMs: number): UnpaidRefusal | undefined {
    const coolDown = this.#policy?.coolDown;
    if (!coolDown) return undefined;
    const afterMs = coolDownMs(this.#viewer(userId).strikes, nowMs, coolDown);
    return afterMs > 0 ? { kind: 'coolingDown', afterMs } : undefined;
  }

  tooMany(wanted: WantedHold, { nowMs, capacity }: { nowMs: number; capacity: number }): UnpaidRefusal | undefined {
    return this.#tooManyOfViewer(wanted, nowMs) ?? this.#tooManyOfAddress(wanted, { nowMs, capacity });
  }

  hold({ id, userId, eventId, seats, holdExpiresAtMs }: Booking, addressKey: string | undefined): void {
    const viewer = this.#viewer(userId);
    const slot = this.#policy?.maxSeatsPerViewer === undefined ? null : lowestFree(viewer.slots);
    this.marks.set(id, { slot, addressKey });
    this.#viewers.set(userId, {
      ...viewer,
      seats: viewer.seats + seats.length,
      slots: slot === null ? viewer.slots : [...viewer.slots, slot],
      firstEndsAtMs: viewer.firstEndsAtMs ?? holdExpiresAtMs,
    });
    if (addressKey === undefined) return;
    const address = this.#address(addressKey);
    const atEvent = (address.seatsByEvent.get(eventId) ?? 0) + seats.length;
    this.#addresses.set(addressKey, {
      ...address,
      seats: address.seats + seats.length,
      seatsByEvent: new Map(address.seatsByEvent).set(eventId, atEvent),
    });
  }

  /** Late money may belong to a hold that ended before. */
  pay(before: Booking): void {
    this.endings.paid.push(before.id);
    if (before.status === 'PENDING_PAYMENT') this.#release(before);
  }

  /**
   * Counts against its viewer when cancelled, or when it could have been paid: a session that never opened is our
   * fault.
   */
  end(before: Booking, after: Pick<Booking, 'status'>, nowMs: number): void {
    if (before.status !== 'PENDING_PAYMENT') return;
    this.#release(before);
    if (after.status !== 'CANCELLED' && before.paymentUrl === null) return;
    this.endings.unpaid.push(before.id);
    const [viewer, coolDown] = [this.#viewers.get(before.userId), this.#policy?.coolDown];
    if (viewer && coolDown)
      this.#viewers.set(before.userId, { ...viewer, strikes: withOneMore(viewer.strikes, nowMs, coolDown) });
  }

  /** The next write reads again what the hold counted at its address. */
  #release({ userId, seats }: Booking): void {
    const viewer = this.#viewers.get(userId);
    if (viewer) this.#viewers.set(userId, { ...viewer, seats: Math.max(0, viewer.seats - seats.length) });
  }

  #tooManyOfViewer({ userId, seats }: WantedHold, nowMs: number): UnpaidRefusal | undefined {
    const limit = this.#policy?.maxSeatsPerViewer;
    const viewer = this.#viewer(userId);
    if (limit === undefined || viewer.seats + seats <= limit) return undefined;
    const { firstEndsAtMs } = viewer;
    const afterMs = firstEndsAtMs === null ? undefined : Math.max(0, firstEndsAtMs - nowMs);
    return { kind: 'tooManyUnpaid', of: 'VIEWER', limit, afterMs };
  }

  #tooManyOfAddress(
    { addressKey, eventId, seats }: WantedHold,
    { nowMs, capacity }: { nowMs: number; capacity: number },
  ): UnpaidRefusal | undefined {
    if (addressKey === undefined || !this.#policy) return undefined;
    const { addressShare, maxSeatsPerAddress, coolDown } = this.#policy;
    const address = this.#address(addressKey);
    if (addressShare) {
      const strikes = coolDown ? strikesAt(address.strikes, nowMs, coolDown) : 0;
      const limit = addressAllowance(addressShare, capacity, { strikes, coolDown });
      if ((address.seatsByEvent.get(eventId) ?? 0) + seats > limit)
        return { kind: 'tooManyUnpaid', of: 'ADDRESS_AT_EVENT', limit, afterMs: undefined };
    }
    if (maxSeatsPerAddress !== undefined && address.seats + seats > maxSeatsPerAddress)
      return { kind: 'tooManyUnpaid', of: 'ADDRESS', limit: maxSeatsPerAddress, afterMs: undefined };
    return undefined;
  }

  #viewer(userId: string): UnpaidOfViewer {
    return this.#viewers.get(userId) ?? NOTHING_OF_VIEWER;
  }

  #address(key: string): UnpaidOfAddress {
    return this.#addresses.get(key) ?? NOTHING_OF_ADDRESS;
  }
}

function lowestFree(taken: readonly number[]): number {
  const slots = new Set(taken);
  let slot = 0;
  while (slots.has(slot)) slot += 1;
  return slot;
}
