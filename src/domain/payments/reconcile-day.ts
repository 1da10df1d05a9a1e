import type { Db } from '#db/client.ts';
import type { GatewayMovement, ListingGateway } from './gateway.ts';
import { type Comparison, compareBooks, type OurMovement, type UnfinishedRefund } from './reconciliation-rules.ts';
import {
  bookingsOfPayments,
  bookingsWithMovements,
  keepDifferences,
  ourMovementsOf,
} from './reconciliation-statements.ts';

export type ReconcileNeeds = {
  readonly db: Db;
  readonly gateway: Pick<ListingGateway, 'name' | 'listMovements' | 'findBookingOfPayment'>;
};

type Options = { readonly now: Date; readonly signal?: AbortSignal | undefined };

export type ReconciledDay = Comparison & {
  readonly day: string;
  /** Movements of other shops of the account. */
  readonly foreign: number;
};

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The clocks differ, and a notice needs its time: what is younger, or so near to midnight, may be known to one side only. */
export const RECONCILIATION_MARGIN_MS = HOUR_MS;
/** A movement whose notice was lost is entered up to so much later than the gateway made it. */
const LATEST_NEWS_MS = 7 * DAY_MS;
/** Bookings of one statement. */
const AT_ONCE = 2_000;

/**
 * Compares a day (YYYY-MM-DD, in UTC) with the gateway's list, keeps each difference as a row, and returns them. It changes
 * nothing else: a difference is for a person.
 */
export async function reconcileDay(needs: ReconcileNeeds, day: string, options: Options): Promise<ReconciledDay> {
  const fromMs = Date.parse(`${day}T00:00:00.000Z`);
  const period = { fromMs, toMs: fromMs + DAY_MS, settledMs: options.now.getTime() - RECONCILIATION_MARGIN_MS };
  const listed = await listAll(needs, { ...around(period), signal: options.signal });
  const { known, foreign } = await withoutOtherShops(needs, listed.movements, options);
  const books = { gateway: known, ...(await ourBooks(needs, known, period)) };
  let comparison = compareBooks(books, period);
  if (comparison.differences.some(({ kind }) => kind === 'MISSING_AT_GATEWAY')) {
    const before = { from: new Date(fromMs - LATEST_NEWS_MS), to: around(period).from, signal: options.signal };
    const earlier = (await listAll(needs, before)).movements;
    comparison = compareBooks({ ...books, gateway: [...known, ...earlier] }, period);
  }
  await keepDifferences(needs.db, { gateway: needs.gateway.name, day }, comparison.differences);
  const isOfDay = ({ at }: GatewayMovement) => at.getTime() >= fromMs && at.getTime() < period.toMs;
  return { ...comparison, day, foreign: listed.foreign + foreign.filter(isOfDay).length };
}

const around = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => ({
  from: new Date(fromMs - RECONCILIATION_MARGIN_MS),
  to: new Date(toMs + RECONCILIATION_MARGIN_MS),
});

async function listAll(
  { gateway }: ReconcileNeeds,
  search: { from: Date; to: Date; signal: AbortSignal | undefined },
): Promise<{ movements: GatewayMovement[]; foreign: number }> {
  const movements: GatewayMovement[] = [];
  let foreign = 0;
  let cursor: string | undefined;
  do {
    const page = await gateway.listMovements({ ...search, cursor });
    movements.push(...page.movements);
    foreign += page.foreign;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { movements, foreign };
}

/** Finds the booking of each movement that does not name it. A payment without one belongs to another shop. */
async function withoutOtherShops(
  { db, gateway }: ReconcileNeeds,
  movements: readonly GatewayMovement[],
  { signal }: Options,
): Promise<{ known: GatewayMovement[]; foreign: GatewayMovement[] }> {
  const nameless = movements.filter(({ bookingId }) => bookingId === undefined);
  const payments = [...new Set(nameless.flatMap(({ paymentReference }) => paymentReference ?? []))];
  const bookings = await bookingsOfPayments(db, gateway.name, payments);
  for (const payment of payments) {
    const found = bookings.get(payment) ?? (await gateway.findBookingOfPayment(payment, { signal }));
    if (found !== undefined) bookings.set(payment, found);
  }
  const known: GatewayMovement[] = [];
  const foreign: GatewayMovement[] = [];
  for (const movement of movements) {
    const bookingId = movement.bookingId ?? bookings.get(movement.paymentReference ?? '');
    if (bookingId === undefined) foreign.push(movement);
    else known.push({ ...movement, bookingId });
  }
  return { known, foreign };
}

/** What we have of the bookings of these movements, and of those whose money moved around this time by our journal. */
async function ourBooks(
  { db, gateway }: ReconcileNeeds,
  movements: readonly GatewayMovement[],
  period: { fromMs: number; toMs: number },
): Promise<{ ours: OurMovement[]; unfinished: UnfinishedRefund[] }> {
  const named = movements.flatMap(({ bookingId }) => bookingId ?? []);
  const bookings = [...new Set([...named, ...(await bookingsWithMovements(db, around(period)))])];
  const books = { ours: [] as OurMovement[], unfinished: [] as UnfinishedRefund[] };
  for (let from = 0; from < bookings.length; from += AT_ONCE) {
    const { ours, unfinished } = await ourMovementsOf(db, gateway.name, bookings.slice(from, from + AT_ONCE));
    books.ours.push(...ours);
    books.unfinished.push(...unfinished);
  }
  return books;
}
