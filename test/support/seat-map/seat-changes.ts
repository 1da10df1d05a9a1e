import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import type { SeatChange } from '#domain/inventory/seat-change.ts';
import type { SeatStatus } from '#domain/inventory/seat-status.ts';

/**
 * Gives seats of an event a status and the event its next version, like one booking transition but without a
 * booking: for tests of the steps after a commit.
 */
export function commitSeatChange(
  db: Db,
  eventId: string,
  status: SeatStatus,
  seatNos: readonly number[],
): Promise<SeatChange> {
  const owner = status === 'HELD' || status === 'BOOKED' ? eventId : null;
  const expiresAt = status === 'HELD' ? sql`now() + interval '1 hour'` : sql`null::timestamptz`;
  return inTransaction(db, 'test seat change', async (tx) => {
    const rows = await tx.execute<{ version: string }>(
      sql`update seat_inventories set version = version + 1 where event_id = ${eventId} returning version`,
    );
    await tx.execute(sql`
      insert into event_seats (event_id, seat_no, status, booking_id, hold_expires_at)
      select ${eventId}::uuid, seat_no, ${status}::text, ${owner}::uuid, ${expiresAt}
      from unnest(${sql.param(seatNos)}::int[]) as seat_no
      on conflict (event_id, seat_no) do update set
        status = excluded.status, booking_id = excluded.booking_id, hold_expires_at = excluded.hold_expires_at`);
    return { version: Number(rows[0]?.version), status, seatNos };
  });
}
