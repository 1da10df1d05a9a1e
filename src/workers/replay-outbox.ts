import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { parseInstant } from '#domain/instant-rules.ts';
import type { EventLog } from '#events/log/log.ts';
import { openRawClient, sessionSettings } from '#shared/postgres.ts';
import { isUuidOfAnyCase } from '#shared/uuid.ts';
import { readOutbox } from './read-outbox.ts';

/** Where to begin: a time, a message of the outbox, or a position in the server's WAL such as `2A/7F001C8`. */
export type ReplayStart = { kind: 'time'; at: Date } | { kind: 'message'; id: string } | { kind: 'lsn'; lsn: string };

/** The requested replay is not possible; the message says why. */
export class ReplayRefused extends Error {}

const LSN = /^[0-9a-f]{1,8}\/[0-9a-f]{1,8}$/i;
const DAY = /^\d{4}-\d\d-\d\d$/;
const TO_THE_MINUTE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(Z|[+-]\d\d:\d\d)$/;

/** @throws ReplayRefused */
export function parseReplayStart(text: string, now: Date): ReplayStart {
  if (isUuidOfAnyCase(text)) return { kind: 'message', id: text.toLowerCase() };
  if (LSN.test(text)) return { kind: 'lsn', lsn: text.toUpperCase() };
  // A time needs its zone, because without one it would differ from machine to machine. A day begins in UTC.
  const at = parseInstant(DAY.test(text) ? `${text}T00:00:00Z` : text.replace(TO_THE_MINUTE, '$1:00$2'));
  if (!at)
    throw new ReplayRefused(
      `"${text}" is not a place to replay from. Give an instant (2026-07-01T12:00:00Z), the id of a message of the outbox, or a position in the WAL (2A/7F001C8).`,
    );
  if (at > now) throw new ReplayRefused(`${at.toISOString()} is in the future, so there is nothing to replay.`);
  return { kind: 'time', at };
}

export type Replayed = { from: Date; count: number; oldest: Date | undefined };

/**
 * Appends the outbox again from there on, in commit order per key, and ends. A relay may run meanwhile. The log
 * leaves out what it has by id when it can; consumers leave out what they have handled.
 * @returns undefined when this outbox does not have the place
 * @throws ReplayRefused
 */
export async function replayOutbox(
  { url, slot, log, signal }: { url: string; slot: string; log: Pick<EventLog, 'append'>; signal: AbortSignal },
  start: ReplayStart,
): Promise<Replayed | undefined> {
  const sql = openRawClient({ url, name: 'frontrow-replay' });
  try {
    const from = await findStart(sql, slot, start);
    if (!from) return undefined;
    const [outbox] = await sql<{ oldest: Date | null }[]>`select min(created_at) as oldest from outbox`;
    const count = await readOutbox({ url, from, signal }, (messages) => log.append(messages));
    return { from, count, oldest: outbox?.oldest ?? undefined };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** A row that commits after a position may have been inserted before it, by as long as a transaction may last. */
const LONGEST_TRANSACTION = '10 minutes';

async function findStart(sql: postgres.Sql, slot: string, start: ReplayStart): Promise<Date | undefined> {
  if (start.kind === 'time') return start.at;
  if (start.kind === 'message') {
    const [row] = await sql<{ at: Date }[]>`
      select date_trunc('milliseconds', created_at) as at from outbox where id = ${start.id}`;
    return row?.at;
  }
  const [server] = await sql<{ written: string; ahead: boolean }[]>`
    select pg_current_wal_insert_lsn()::text as written, ${start.lsn}::pg_lsn > pg_current_wal_insert_lsn() as ahead`;
  if (server?.ahead)
    throw new ReplayRefused(
      `${start.lsn} is ahead of the server, which is at ${server.written}: there is nothing to replay.`,
    );
  const [row] = await sql<{ at: Date | null; first: string | null }[]>`
    select max(at) filter (where lsn <= ${start.lsn}::pg_lsn) - ${LONGEST_TRANSACTION}::interval as at, min(lsn)::text as first
    from relay_positions where slot = ${slot}`;
  if (row?.at) return row.at;
  throw new ReplayRefused(
    row?.first
      ? `${start.lsn} is older than the first position that is known, ${row.first}: give an instant instead.`
      : `No position of ${slot} is known: give an instant instead.`,
  );
}

const NOTE_EVERY_MS = 60_000;

/** Records the server's WAL position, once a minute, for as long as the outbox is kept. Ends with the signal. */
export async function notePositions({
  url,
  slot,
  signal,
}: {
  url: string;
  slot: string;
  signal: AbortSignal;
}): Promise<void> {
  while (!signal.aborted) {
    // A lost record only means that a replay begins a minute earlier.
    await notePosition(url, slot).catch(() => {});
    await sleep(NOTE_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** Each relay may call it: only one of them writes within a minute. */
export async function notePosition(url: string, slot: string): Promise<void> {
  const sql = openRawClient({ url, name: 'frontrow-relay-position' }, sessionSettings({ statement_timeout: 5000 }));
  try {
    // The time first: what commits after this position commits after this time.
    await sql`
      insert into relay_positions (slot, at, lsn)
      select ${slot}, clock_timestamp(), pg_current_wal_insert_lsn()
      where not exists (select from relay_positions where slot = ${slot} and at > now() - interval '30 seconds')`;
    await sql`delete from relay_positions where slot = ${slot} and at < now() - interval '8 days'`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
