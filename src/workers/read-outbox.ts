import type { AggregateType } from '#events/contracts.ts';
import type { NewMessage } from '#events/log/log.ts';
import { originOf, type StoredOrigin } from '#events/origin.ts';
import { openRawClient } from '#shared/postgres.ts';

const PAGE = 1000;

type Row = StoredOrigin & { id: string; topic: AggregateType; key: string; event: unknown; createdAt: Date };

/**
 * Passes the outbox on, oldest first: within an event in commit order. `created_at` is the time of the insert; rows
 * with the same time are in order of their version.
 * @param options `from` leaves out rows that were inserted before; the signal ends it between two pages, and then it
 * throws
 */
export async function readOutbox(
  { url, from = new Date(0), signal }: { url: string; from?: Date; signal: AbortSignal },
  append: (messages: readonly NewMessage[]) => Promise<void>,
): Promise<number> {
  const sql = openRawClient({ url, name: 'frontrow-read-outbox' });
  let count = 0;
  try {
    const pages = sql<Row[]>`
      select id, aggregatetype as topic, event_id as key, payload as event, created_at as "createdAt",
        request_id as "requestId", traceparent
      from outbox where created_at >= ${from}
      order by created_at, (payload ->> 'version')::bigint nulls last, id`.cursor(PAGE);
    for await (const rows of pages) {
      signal.throwIfAborted();
      await append(
        rows.map(({ requestId, traceparent, ...row }) => ({ ...row, origin: originOf({ requestId, traceparent }) })),
      );
      count += rows.length;
    }
    return count;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
