import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';

type Needs = { readonly db: Db; readonly writer: Pick<InventoryWriter, 'submit'> };

/** Allocations that end in one round; the others are ended in the next one. */
const CHUNK = 200;

/**
 * Gives the seats of each allocation whose time is over to the public. Returns the milliseconds until the next one ends,
 * by the database's clock; undefined without one, 0 or less when one is due. May run in several processes at once.
 */
export async function endAllocations({ db, writer }: Needs): Promise<{ nextDueInMs: number | undefined }> {
  const due = await db.execute<{ event_id: string; name: string }>(sql`
    select event_id, name from allocations where release_at <= clock_timestamp() order by release_at limit ${CHUNK}`);
  await Promise.allSettled(
    due.map(({ event_id, name }) => writer.submit(event_id, { kind: 'endAllocation', name }, PATIENT)),
  );
  const [next] = await db.execute<{ ms: number | null }>(sql`
    select (extract(epoch from min(release_at) - clock_timestamp()) * 1000)::float8 as ms from allocations
    where release_at is not null`);
  return { nextDueInMs: next?.ms ?? undefined };
}

const PATIENT = { deadlineMs: 30_000 };
