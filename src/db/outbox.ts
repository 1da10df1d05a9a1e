import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { aggregateTypeOf, type DomainEvent } from '#events/contracts.ts';
import { currentOrigin, storedOrigin } from '#events/origin.ts';
import type { Tx } from './client.ts';

/**
 * Takes a `Tx` and not a `Db`: an event exists if and only if the change that it reports was committed. The relay
 * reads the rows by logical decoding in commit order; the column names are those that Debezium's outbox event router
 * expects.
 */
export async function appendToOutbox(tx: Tx, events: readonly DomainEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { requestId, traceparent } = storedOrigin(currentOrigin());
  const rows = events.map((event) => ({
    id: randomUUIDv7(),
    aggregatetype: aggregateTypeOf(event),
    aggregateid: event.aggregateId,
    type: event.type,
    event_id: event.eventId,
    payload: event,
    request_id: requestId,
    traceparent,
  }));
  await tx.execute(sql`
    insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload, request_id, traceparent)
    select id, aggregatetype, aggregateid, type, event_id, payload, request_id, traceparent
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      as r(id uuid, aggregatetype text, aggregateid text, type text, event_id uuid, payload jsonb, request_id text,
        traceparent text)`);
}
