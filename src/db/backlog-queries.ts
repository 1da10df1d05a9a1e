import { sql } from 'drizzle-orm';
import type { Db } from './client.ts';

/** Messages that consumer groups have set aside, in the booking database. */
export async function readParked(db: Db): Promise<readonly { group: string; count: number; oldestSeconds: number }[]> {
  return await db.execute<{ group: string; count: number; oldestSeconds: number }>(sql`
    select consumer_group as "group", count(*)::int as count,
      extract(epoch from clock_timestamp() - min(parked_at))::float8 as "oldestSeconds"
    from event_log.parked group by 1`);
}

/** The connections to the database, by state. */
export async function readConnections(db: Db): Promise<readonly { database: string; state: string; count: number }[]> {
  return await db.execute<{ database: string; state: string; count: number }>(sql`
    select datname as database, coalesce(state, 'other') as state, count(*)::int as count
    from pg_stat_activity where datname = current_database() group by 1, 2`);
}

type SlotRow = {
  walBytes: number;
  nowMs: number;
  confirmedBytes: number | null;
  isActive: boolean | null;
  walStatus: string | null;
};

export type SlotBacklog = {
  readonly slot: string;
  readonly isActive: boolean;
  /** Missing, or without its WAL: the rows that it has not seen come from the outbox. */
  readonly isLost: boolean;
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly unpublished: number;
  readonly oldestUnpublishedSeconds: number;
};

/** A larger number is reported as this number. */
const COUNTED_AT_MOST = 100_000;
/** An hour of notes, with a look every five seconds. */
const KEPT_NOTES = 720;

/**
 * How far a replication slot is behind its database. PostgreSQL stores a slot's position but not its time, so each
 * look notes the position of the WAL. A position is as old as the last look that found it, or less: times are exact
 * to the pause between looks, and for changes before the first look only the least age is known.
 */
export function openSlotBacklog(db: Db, slot: string): () => Promise<SlotBacklog> {
  const notes: { walBytes: number; atMs: number }[] = [];
  return async () => {
    const { walBytes, nowMs, confirmedBytes, isActive, walStatus } = await readSlot(db, slot);
    notes.push({ walBytes, atMs: nowMs });
    if (notes.length > KEPT_NOTES) notes.shift();
    const isLost = confirmedBytes === null || walStatus === 'lost';
    const lagBytes = Math.max(0, walBytes - (confirmedBytes ?? 0));
    const about = { slot, isActive: isActive === true, isLost };
    if (confirmedBytes === null) return { ...about, lagBytes: 0, lagSeconds: 0, ...(await readUnpublished(db, nowMs)) };
    const seen = notes.findLast((note) => note.walBytes <= confirmedBytes) ?? notes[0];
    const seenAtMs = seen?.atMs ?? nowMs;
    const isBehind = lagBytes > 0 && seenAtMs < nowMs;
    return {
      ...about,
      lagBytes,
      lagSeconds: isBehind ? (nowMs - seenAtMs) / 1000 : 0,
      ...(isBehind ? await readUnpublished(db, seenAtMs) : { unpublished: 0, oldestUnpublishedSeconds: 0 }),
    };
  };
}

async function readSlot(db: Db, slot: string): Promise<SlotRow> {
  const [row] = await db.execute<SlotRow>(sql`
    select (pg_current_wal_lsn() - '0/0')::float8 as "walBytes",
      (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs",
      (confirmed_flush_lsn - '0/0')::float8 as "confirmedBytes", active as "isActive", wal_status as "walStatus"
    from (values (1)) as one left join pg_replication_slots on slot_name = ${slot}`);
  if (!row) throw new Error('The slots cannot be read.');
  return row;
}

async function readUnpublished(
  db: Db,
  sinceMs: number,
): Promise<Pick<SlotBacklog, 'unpublished' | 'oldestUnpublishedSeconds'>> {
  const [row] = await db.execute<{ unpublished: number; oldest: number | null }>(sql`
    select count(*)::int as unpublished, extract(epoch from clock_timestamp() - min(created_at))::float8 as oldest
    from (select created_at from outbox where created_at > to_timestamp(${sinceMs / 1000}) order by created_at
      limit ${COUNTED_AT_MOST}) as waiting`);
  return { unpublished: row?.unpublished ?? 0, oldestUnpublishedSeconds: row?.oldest ?? 0 };
}
