import { randomUUIDv7 } from 'node:crypto';
import type { TransactionSql } from 'postgres';
import { aggregateTypeOf, type DomainEvent } from '#events/contracts.ts';

export type CatalogChange = { type: 'EventPublished' | 'EventChanged'; id: string; updatedVersion: number };

/**
 * The importer's own way to the outbox: its transaction uses a separate client, because COPY and the query builder
 * cannot share one. Writes the same rows as `appendToOutbox`.
 */
export async function appendCatalogChanges(tx: TransactionSql, changes: readonly CatalogChange[]): Promise<void> {
  const rows = changes.map(({ type, id, updatedVersion }) => {
    const payload: DomainEvent = { type, aggregateId: id, eventId: id, updatedVersion };
    return {
      id: randomUUIDv7(),
      aggregatetype: aggregateTypeOf(payload),
      aggregateid: id,
      type,
      event_id: id,
      payload,
    };
  });
  await tx`
    insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
    select id, aggregatetype, aggregateid, type, event_id, payload
    from jsonb_to_recordset(${tx.json(rows)})
      as r(id uuid, aggregatetype text, aggregateid text, type text, event_id uuid, payload jsonb)`;
}
