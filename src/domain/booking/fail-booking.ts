import type { DomainEventOf } from '#events/contracts.ts';
import type { InboxMark } from '../inventory/inventory-read-statements.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';

/**
 * The payment was declined for good: the booking fails and its seats are released. A booking that has ended stays as
 * it is. `unknown`: the database was restored to a time before the booking, so it holds nothing.
 */
export async function failBooking(
  { writer }: { readonly writer: InventoryWriter },
  failed: DomainEventOf<'PaymentFailed'>,
  inbox?: InboxMark,
): Promise<{ kind: 'failed' | 'kept' | 'seenBefore' | 'unknown' }> {
  const bookingId = failed.aggregateId;
  const command = { kind: 'release', reason: 'FAILED', bookingId } as const;
  const answer = await writer.submit(failed.eventId, command, inbox ? { inbox } : {});
  if (answer.kind === 'released') return { kind: 'failed' };
  if (answer.kind === 'kept' || answer.kind === 'seenBefore') return { kind: answer.kind };
  if (answer.kind === 'noBooking' || answer.kind === 'noEvent') return { kind: 'unknown' };
  throw new Error(`The failed payment of booking ${bookingId} had the unexpected result ${answer.kind}.`);
}
