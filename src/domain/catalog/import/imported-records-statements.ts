import { createHash } from 'node:crypto';
import type { TransactionSql } from 'postgres';
import { nameBasedId } from './name-based-id.ts';

/** A record as in its file, with its id and the hash that decides whether it is new, changed or unchanged. */
export type Tracked<R> = { id: string; contentHash: string; record: R; isNew: boolean };

/**
 * The records that are new or differ from the last import. `contentOf` leaves out fields that are not from the file.
 */
export async function findChanged<R extends { key: string }>(
  tx: TransactionSql,
  records: readonly R[],
  contentOf: (record: R) => unknown,
): Promise<Tracked<R>[]> {
  const tracked = records.map((record) => ({
    id: nameBasedId(record.key),
    contentHash: createHash('sha256')
      .update(JSON.stringify(contentOf(record)))
      .digest('hex'),
    record,
  }));
  const rows = await tx<{ id: string; content_hash: string }[]>`
    select id, content_hash from imported_records where id = any(${tracked.map(({ id }) => id)}::uuid[])`;
  const known = new Map(rows.map((row) => [row.id, row.content_hash]));
  return tracked
    .filter(({ id, contentHash }) => known.get(id) !== contentHash)
    .map((change) => ({ ...change, isNew: !known.has(change.id) }));
}

export async function recordImported(tx: TransactionSql, changes: readonly Tracked<unknown>[]): Promise<void> {
  await tx`
    insert into imported_records (id, content_hash)
    select * from unnest(${changes.map(({ id }) => id)}::uuid[], ${changes.map(({ contentHash }) => contentHash)}::text[])
    on conflict (id) do update set content_hash = excluded.content_hash, imported_at = now()`;
}
