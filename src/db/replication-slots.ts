import type postgres from 'postgres';
import { answerWithin, openRawClient } from '#shared/postgres.ts';

/** From this version on a standby can keep a copy of a slot, and continue with it after its promotion. */
const FAILOVER_SINCE = 170_000;
/**
 * How often the process that completes a slot shows that it is alive; a frozen one loses its turn after
 * FROZEN_AFTER_MS.
 */
const ALIVE_EVERY_MS = 2000;
const FROZEN_AFTER_MS = 10_000;
/** A new slot waits for every open transaction; after this time the wait begins again. */
const SLOT_DEADLINE_MS = 600_000;

export type Completion =
  | { state: 'complete' }
  /** Another process completes the slot. */
  | { state: 'busy' }
  | { state: 'replayed'; reason: 'NO_SLOT' | 'SLOT_LOST' | 'UNFINISHED'; count: number };

type Options = {
  url: string;
  slot: string;
  /** Ends the wait for a new slot: PostgreSQL makes it only after every transaction that is open in the server now. */
  signal: AbortSignal;
  /** Appends the whole outbox; returns the number of messages. */
  replay: () => Promise<number>;
};

/**
 * Makes sure that the permanent slot exists, that the server still has its WAL, and that earlier rows are in the log.
 * One process at a time; one that dies half-way leaves it to the next, which appends everything again.
 */
export async function completeSlot(options: Options): Promise<Completion> {
  const { url, slot, replay } = options;
  const sql = openClient(url, slot, 2);
  try {
    const complete = await findComplete(sql, slot);
    // Older servers have no such column.
    if (complete?.failover === 'false') await enableFailover(url, slot);
    if (complete) return { state: 'complete' };
    return await sql.begin(async (turn): Promise<Completion> => {
      await turn`select set_config('idle_in_transaction_session_timeout', ${String(FROZEN_AFTER_MS)}, true)`;
      const [mine] = await turn<
        { ok: boolean }[]
      >`select pg_try_advisory_xact_lock(hashtextextended(${slot}, 0)) as ok`;
      if (!mine?.ok) return { state: 'busy' };
      const alive = setInterval(() => void turn`select 1`.catch(() => {}), ALIVE_EVERY_MS);
      try {
        const reason = await ensureSlot(sql, options);
        if (!reason) return { state: 'complete' };
        if (reason === 'BEING_MADE') return { state: 'busy' };
        const count = await replay();
        // Together with the turn: a process that has lost its turn must not record anything about the present slot.
        await turn`
          insert into relay_slots (slot, reason, replayed) values (${slot}, ${reason}, ${count})
          on conflict (slot) do update set completed_at = now(), reason = excluded.reason, replayed = excluded.replayed`;
        return { state: 'replayed', reason, count };
      } finally {
        clearInterval(alive);
      }
    });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

const openClient = (url: string, slot: string, poolMax: number, answer: object = {}) =>
  openRawClient({ url, name: `frontrow-slot-${slot}`, poolMax }, answer);

async function findComplete(sql: postgres.Sql, slot: string): Promise<{ failover: string | null } | undefined> {
  const [row] = await sql<{ failover: string | null }[]>`
    select to_jsonb(s) ->> 'failover' as failover from pg_replication_slots s join relay_slots r on r.slot = s.slot_name
    where s.slot_name = ${slot} and s.wal_status is distinct from 'lost' and s.confirmed_flush_lsn is not null`;
  return row;
}

/**
 * Returns the reason for which the outbox has to be appended, or undefined. A slot is listed while it is still being
 * made, and begins when all transactions that were open have ended. Rows that commit until then would be neither in
 * the outbox that was read before nor in the slot, so the slot is waited for, even when the process that asked for it
 * has died and only the server works on it.
 */
async function ensureSlot(
  sql: postgres.Sql,
  options: Options,
): Promise<'NO_SLOT' | 'SLOT_LOST' | 'UNFINISHED' | 'BEING_MADE' | undefined> {
  const { slot } = options;
  const [known] = await sql<{ lost: boolean; begins: boolean; completed: boolean }[]>`
    select s.wal_status is not distinct from 'lost' as lost, s.confirmed_flush_lsn is not null as begins,
      r.slot is not null as completed
    from pg_replication_slots s left join relay_slots r on r.slot = s.slot_name where s.slot_name = ${slot}`;
  if (known && !known.begins) return 'BEING_MADE';
  if (known && !known.lost) return known.completed ? undefined : 'UNFINISHED';
  // First, so that a death after the next statement leaves a slot that is known to be incomplete.
  await sql`delete from relay_slots where slot = ${slot}`;
  if (known) await sql`select pg_drop_replication_slot(${slot})`;
  await makeSlot(options);
  return known ? 'SLOT_LOST' : 'NO_SLOT';
}

async function makeSlot({ url, slot, signal }: Options): Promise<void> {
  const sql = openClient(url, slot, 1, answerWithin(SLOT_DEADLINE_MS));
  const abort = () => void sql.end({ timeout: 0 });
  signal.addEventListener('abort', abort, { once: true });
  try {
    const [server] = await sql<{ version: number }[]>`select current_setting('server_version_num')::int as version`;
    if ((server?.version ?? 0) >= FAILOVER_SINCE)
      await sql`select pg_create_logical_replication_slot(${slot}, 'pgoutput', failover => true)`;
    else await sql`select pg_create_logical_replication_slot(${slot}, 'pgoutput')`;
  } finally {
    signal.removeEventListener('abort', abort);
    await sql.end({ timeout: 2 });
  }
}

/**
 * Makes standbys keep a copy of a slot that was made before the server could do that. There is no SQL for it. Refused
 * while another process streams from the slot, as streaming would be.
 */
async function enableFailover(url: string, slot: string): Promise<void> {
  const replication = { fetch_types: false, connection: { replication: 'database' } };
  const sql = openRawClient({ url, name: `frontrow-slot-${slot}` }, replication);
  try {
    await sql.unsafe(`ALTER_REPLICATION_SLOT "${slot}" (FAILOVER true)`);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
