import type { TransactionSql } from 'postgres';
import { nameBasedId } from './name-based-id.ts';

/** Records by how many weeks each event of a source is moved, and that the source has it. */
export async function recordSource(
  tx: TransactionSql,
  source: string,
  events: readonly { id: string; weeks: number }[],
): Promise<void> {
  await tx`
    update imported_records set source = ${source}, moved_weeks = event.weeks
    from jsonb_to_recordset(${tx.json(events)}) as event(id uuid, weeks integer)
    where imported_records.id = event.id
      and (source is distinct from ${source} or moved_weeks is distinct from event.weeks)`;
}

/** The titles of the events that the source had and no longer has, and that are still on sale. */
export async function findLeftEvents(
  tx: TransactionSql,
  events: readonly { key: string }[],
  source: string,
): Promise<string[]> {
  const rows = await tx<{ title: string }[]>`
    select title from imported_records join events using (id)
    where source = ${source} and not (id = any(${events.map(({ key }) => nameBasedId(key))}::uuid[]))
      and status = 'PUBLISHED' and off_sale_at > now()
    order by starts_at, title`;
  return rows.map(({ title }) => title);
}
