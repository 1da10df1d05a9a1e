import type { Tx } from '#db/client.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import type { Allocation } from './allocate-rules.ts';
import { writeAllocations } from './allocation-statements.ts';
import { countEnded } from './cancellation-statements.ts';
import { countUses } from './code-statements.ts';
import type { EventSale, SellCommand } from './inventory-command.ts';
import type { InventoryRequest } from './inventory-work.ts';
import type { RefundCommand } from './refund-command.ts';
import { recordRefunds } from './refund-statements.ts';
import { recordSales } from './sale-statements.ts';

type Decision = {
  readonly eventId: string;
  readonly state: { readonly sale: EventSale; readonly nowMs: number };
  readonly fresh: readonly InventoryRequest[];
  readonly allocation: Allocation;
};

/** Uses of codes, and what an organizer's commands have changed, with their audit rows. */
export function allocationWrites(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  return decisions.flatMap((decision) => [
    ...(decision.allocation.codeUses.size > 0 ? [countUses(tx, decision.allocation.codeUses)] : []),
    ...(decision.allocation.allocations.size > 0
      ? [writeAllocations(tx, decision.eventId, decision.allocation.allocations)]
      : []),
    ...audited(decision).map(({ author, change }) => appendAudit(tx, author, change)),
  ]);
}

/** How the new bookings of the box office were sold. Must run after these bookings are inserted. */
export function saleWrites(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  const sold = decisions.flatMap(sellsOf);
  return sold.length > 0 ? [recordSales(tx, sold)] : [];
}

/** Adds the paid bookings that end with their cancelled events, in the transaction that ends them: each counts once. */
export function cancellationWrites(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  return decisions.flatMap(({ eventId, state: { sale }, allocation }) => {
    if (sale.status !== 'CANCELLED') return [];
    const ended = allocation.transitions.flatMap((one) =>
      one.type === 'cancelled' && one.booking.confirmedAtMs !== null ? [one] : [],
    );
    const askedMinor = ended.reduce((sum, { dueMinor }) => sum + dueMinor, 0);
    return ended.length > 0 ? [countEnded(tx, { eventId, bookings: ended.length, askedMinor })] : [];
  });
}

function audited(decision: Decision) {
  const { fresh, allocation } = decision;
  const allocated = fresh.flatMap(({ command }, index) =>
    command.kind === 'allocate' && allocation.outcomes[index]?.kind === 'allocated' ? [command.audit] : [],
  );
  return [...allocated, ...[...sellsOf(decision), ...refundsOf(decision)].map(({ audit }) => audit)];
}

/** Refunds that members asked for, in the transaction that voids their tickets. */
export function refundWrites(tx: Tx, decisions: readonly Decision[]): Promise<void>[] {
  const notes = decisions.flatMap(({ eventId, state, allocation: { refunds, updated } }) =>
    refunds.flatMap((note) => {
      const booking = updated.get(note.bookingId);
      return booking ? [{ note, eventId, atMs: state.nowMs, booking }] : [];
    }),
  );
  return notes.length > 0 ? recordRefunds(tx, notes) : [];
}

/** Without repetitions, which find the refund that was made before. */
function refundsOf({ fresh, allocation: { refunds } }: Decision): RefundCommand[] {
  const asked = fresh.flatMap(({ command }) => (command.kind === 'refund' ? [command] : []));
  return asked.filter(({ request }) => refunds.some(({ refundId }) => refundId === request.refundId));
}

/** Without repetitions, which find the booking that was made before. */
function sellsOf({ fresh, allocation: { created } }: Decision): SellCommand[] {
  const sells = fresh.flatMap(({ command }) => (command.kind === 'sell' ? [command] : []));
  return sells.filter(({ bookingId }) => created.some(({ id }) => id === bookingId));
}
