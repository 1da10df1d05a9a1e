import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { events } from '#db/tables/catalog.ts';
import { IdempotencyKeyReused } from '../../errors.ts';
import { requireIdempotencyKey } from '../../idempotency-key-rules.ts';
import { type Author, appendAudit } from '../../organization/audit-statements.ts';

/** A request that makes events. */
export type MakingRequest = {
  readonly organizationId: string;
  /** Undefined: each such request makes new events. */
  readonly idempotencyKey: string | undefined;
  /** Everything that the request asks for. */
  readonly wanted: object;
};

/**
 * Runs `make` unless the organization has used the key before; then returns the events of that request. Another request with
 * the same key waits until this one has committed. Throws IdempotencyKeyReused for a key of another request.
 */
export async function makeOnce(
  tx: Tx,
  { organizationId, idempotencyKey, wanted }: MakingRequest,
  { eventIds, make }: { eventIds: readonly string[]; make: () => Promise<void> },
): Promise<readonly string[]> {
  if (idempotencyKey === undefined) {
    await make();
    return eventIds;
  }
  requireIdempotencyKey(idempotencyKey);
  const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('base64url');
  const added = await tx.execute(sql`
    insert into event_requests (organization_id, idempotency_key, request_hash, event_ids)
    values (${organizationId}, ${idempotencyKey}, ${hash}, ${sql.param([...eventIds])}::uuid[])
    on conflict do nothing returning 1`);
  if (added.length > 0) {
    await make();
    return eventIds;
  }
  const [earlier] = await tx.execute<{ hash: string; eventIds: string[] }>(sql`
    select request_hash as hash, event_ids as "eventIds" from event_requests
    where organization_id = ${organizationId} and idempotency_key = ${idempotencyKey}`);
  if (earlier?.hash !== hash) throw new IdempotencyKeyReused();
  return earlier.eventIds;
}

type NewEvent = typeof events.$inferInsert & { readonly organizationId: string };

/** Inserts drafts with their inventories and an audit row for each. All of them have the same seating plan. */
export async function insertDrafts(
  tx: Tx,
  author: Author,
  { drafts, operation }: { drafts: readonly NewEvent[]; operation: string },
): Promise<void> {
  await tx.insert(events).values(drafts.map((draft) => ({ ...draft, status: 'DRAFT' as const })));
  await tx.execute(sql`
    insert into seat_inventories (event_id, capacity, available)
    select e.id, p.seat_count, p.seat_count from events e join seating_plans p on p.id = e.plan_id
    where e.id = any(${sql.param(drafts.map(({ id }) => id))}::uuid[])`);
  await Promise.all(
    drafts.map(({ id, organizationId, ...after }) =>
      appendAudit(tx, author, { organizationId, operation, subject: { type: 'Event', id }, after }),
    ),
  );
}
