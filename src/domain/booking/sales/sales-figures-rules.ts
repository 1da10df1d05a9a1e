import type { StoredCharges, StoredLine } from '../../pricing/stored-line-rules.ts';

/** Seats of paid bookings that have the same line and the same amounts. `isOver`: their tickets are void. */
export type SoldSeats = {
  readonly seats: number;
  readonly feeMinor: number;
  readonly line: StoredLine | null;
  readonly isOver: boolean;
};

/** Charges of paid bookings as a whole that are the same. */
export type SoldBookings = { readonly bookings: number; readonly charges: StoredCharges };

/** Sums over all bookings that were paid, also those that ended since. */
export type PaidMoney = { readonly grossMinor: number; readonly refundedMinor: number; readonly currency: string };

export type SoldCount = { readonly key: string; readonly name: string; readonly tickets: number };

/** The figures of an event's sale. Money is in minor units, per currency. */
export type SalesFigures = {
  readonly soldTickets: number;
  readonly soldByType: readonly SoldCount[];
  readonly soldByLevel: readonly SoldCount[];
  readonly money: readonly (PaidMoney & {
    readonly feesMinor: number;
    readonly taxesMinor: number;
    readonly netMinor: number;
  })[];
  readonly ticketsPerMinute: number;
};

export type Sold = {
  readonly seats: readonly SoldSeats[];
  readonly bookings: readonly SoldBookings[];
  readonly money: readonly PaidMoney[];
  readonly ticketsPerMinute: number;
};

/** Adds up what was sold. `levelNames`: by the key of the price level. */
export function salesFiguresOf(sold: Sold, levelNames: ReadonlyMap<string, string>): SalesFigures {
  const valid = sold.seats.filter(({ isOver }) => !isOver);
  const { feesMinor, taxesMinor } = chargesOf(sold);
  return {
    soldTickets: sum(valid, ({ seats }) => seats),
    soldByType: counted(valid, ({ line }) => [line?.type ?? STANDARD.key, line?.name ?? STANDARD.name]),
    soldByLevel: counted(valid, ({ line }) => [
      line?.level ?? '',
      levelNames.get(line?.level ?? '') ?? line?.level ?? '',
    ]),
    // An event has one currency, so its charges are of the only one.
    money: sold.money.map((paid) => ({
      ...paid,
      feesMinor,
      taxesMinor,
      netMinor: paid.grossMinor - paid.refundedMinor,
    })),
    ticketsPerMinute: sold.ticketsPerMinute,
  };
}

/** The ticket type of bookings from before price lists. */
const STANDARD = { key: 'standard', name: 'Standard' };

const sum = <T>(of: readonly T[], value: (one: T) => number): number =>
  of.reduce((total, one) => total + value(one), 0);

const amounts = (charges: StoredCharges['fees'] | undefined): number =>
  sum(charges ?? [], ([, amountMinor]) => amountMinor);

function chargesOf({ seats, bookings }: Sold): { feesMinor: number; taxesMinor: number } {
  const ofSeats = (kind: 'fees' | 'taxes') => sum(seats, ({ seats: count, line }) => count * amounts(line?.[kind]));
  const ofBookings = (kind: 'fees' | 'taxes') =>
    sum(bookings, ({ bookings: count, charges }) => count * amounts(charges[kind]));
  const olderFees = sum(seats, ({ seats: count, line, feeMinor }) => (line ? 0 : count * feeMinor));
  return {
    feesMinor: ofSeats('fees') + ofBookings('fees') + olderFees,
    taxesMinor: ofSeats('taxes') + ofBookings('taxes'),
  };
}

function counted(seats: readonly SoldSeats[], of: (one: SoldSeats) => [key: string, name: string]): SoldCount[] {
  const counts = new Map<string, SoldCount>();
  for (const one of seats) {
    const [key, name] = of(one);
    counts.set(key, { key, name, tickets: (counts.get(key)?.tickets ?? 0) + one.seats });
  }
  return [...counts.values()].sort((a, b) => b.tickets - a.tickets || (a.key < b.key ? -1 : 1));
}
