import { type PaymentStatus, paymentTransitions } from '#domain/payments/payment-status.ts';
import type { Audit } from './audit.ts';
import type { BookingBooks } from './booking-books.ts';
import type { GatewayBooks } from './gateway-server.ts';
import type { History } from './history.ts';
import type { SqlServer } from './sql-server.ts';

type PaymentRow = { id: string; bookingId: string; status: PaymentStatus; captured: number; refunded: number };

const CHANGES = `select json_build_object(
  'next', pg_snapshot_xmax(pg_current_snapshot())::text,
  'payments', (select json_agg(json_build_object('id', id, 'bookingId', booking_id, 'status', status,
    'captured', captured_minor, 'refunded', refunded_minor) order by id)
    from payments where xmin::text::bigint >= $1::bigint),
  'published', (select count(*) from outbox where xmin::text::bigint >= $1::bigint)) as state`;

type State = { next: string; payments: PaymentRow[] | null; published: number };
type Needs = { server: SqlServer; audit: Audit; history: History; bookings: BookingBooks };

/**
 * Records the content of the payments database after each commit, and the gateway's ledger after each movement of
 * money.
 */
export class PaymentBooks {
  readonly payments = new Map<string, PaymentRow>();
  readonly #captures = new Map<string, number>();
  readonly #needs: Needs;
  #next: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#next = this.#read('0').next;
  }

  /** True when a message was published. */
  observe(): boolean {
    const state = this.#read(this.#next);
    this.#next = state.next;
    for (const row of state.payments ?? []) this.#see(row);
    return state.published > 0;
  }

  money(kind: 'captured' | 'refunded', session: GatewayBooks, amountMinor: number): void {
    const { audit, history, bookings } = this.#needs;
    const name = history.name(session.bookingId);
    history.add(`gateway ${kind} ${amountMinor} of ${name}`);
    if (kind === 'captured') {
      const times = (this.#captures.get(session.bookingId) ?? 0) + 1;
      this.#captures.set(session.bookingId, times);
      audit.expect(times === 1, 'I12', () => `${name} was paid ${times} times`);
      return;
    }
    audit.reach('refund');
    const refunded = session.refunds.reduce((sum, refund) => sum + refund.amountMinor, 0);
    audit.expect(refunded <= session.capturedMinor, 'I10', () => `${name} got back ${refunded}`);
    const booking = bookings.bookings.get(session.bookingId);
    const isAsked = booking?.status !== 'CONFIRMED' || refunded <= (booking.voidedMinor ?? 0);
    audit.expect(isAsked, 'I10', () => `${name} is CONFIRMED and ${refunded} of its money went back`);
  }

  #read(next: string): State {
    return this.#needs.server.look(CHANGES, [next]).rows[0]?.state as State;
  }

  #see(row: PaymentRow): void {
    const { audit, history } = this.#needs;
    const name = history.name(row.bookingId);
    const before = this.payments.get(row.bookingId);
    this.payments.set(row.bookingId, row);
    audit.expect((before?.id ?? row.id) === row.id, 'I12', () => `${name} has two payments`);
    audit.expect(row.refunded <= row.captured, 'I10', () => `${name} got back more than was taken`);
    if (before?.status === row.status) return;
    history.add(`payment of ${name} ${row.status}`);
    const isLegal = before ? isReachable(before.status, row.status) : row.status === 'CREATING_SESSION';
    audit.expect(
      isLegal,
      'I15',
      () => `the payment of ${name} went from ${before?.status ?? 'nothing'} to ${row.status}`,
    );
  }
}

/**
 * One transaction may take two steps: money that differs from the amount asked for fails a payment and is due back
 * at once.
 */
function isReachable(from: PaymentStatus, to: PaymentStatus): boolean {
  const next: readonly PaymentStatus[] = paymentTransitions[from];
  return next.includes(to) || next.some((step) => (paymentTransitions[step] as readonly PaymentStatus[]).includes(to));
}
