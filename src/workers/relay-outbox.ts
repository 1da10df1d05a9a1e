import { setTimeout as sleep } from 'node:timers/promises';
import { failpoint } from '#db/failpoint.ts';
import { type DecodedTransaction, decodeFromSlot, isSlotTaken } from '#db/logical-decoding.ts';
import { completeSlot } from '#db/replication-slots.ts';
import type { AggregateType } from '#events/contracts.ts';
import { backOffMs } from '#events/log/back-off.ts';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { originOf } from '#events/origin.ts';
import { withDeadline } from '#shared/deadline.ts';
import { answerWithin, openRawClient } from '#shared/postgres.ts';
import { readOutbox } from './read-outbox.ts';

/** Slots belong to the whole server, which may have both databases, so each is named after its own. */
export const relaySlot = (databaseUrl: string): string =>
  `relay_${new URL(databaseUrl).pathname.slice(1).replace(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
const PUBLICATION = 'frontrow_outbox';
/** How often a standby asks whether the slot is free, on a connection that it keeps. */
const STANDBY_LOOK_MS = 1000;
const STANDBY_ANSWER_MS = 5000;
/**
 * Longer than either log waits by itself. If an append hangs nevertheless, another process that can reach the log
 * gets the slot.
 */
const APPEND_DEADLINE_MS = 45_000;

export type RelayState = 'streaming' | 'standby' | 'replayed' | 'lost';

export type Relay = {
  /** The database whose outbox is relayed. */
  url: string;

  slot: string;
  log: Pick<EventLog, 'append'>;
  signal: AbortSignal;
  onState: (state: RelayState, detail?: unknown) => void;
};

/**
 * Outbox -> event log, in commit order, at least once; the log leaves out what it has.
 *
 * States, reported to `onState`:
 * - `standby`: another process streams from the slot or completes it; this one asks every second whether the slot is
 *   free.
 * - `replayed`: the slot was new, lost its WAL or was not completed. Then the whole outbox was appended once more,
 *   before any process reads from the slot.
 * - `streaming`: this process holds the slot.
 * - `lost`: the last try failed; the next one follows after a growing pause.
 *
 * Invariants: one process streams from the slot. A position is acknowledged only after the log stored everything
 * before it, so a crash repeats messages and never skips one.
 *
 * Failures:
 * - The log rejects, or does not answer within 45 s: the stream ends, and the messages come again.
 * - The connection is cut or this process freezes: the server frees the slot after 3 s of silence, for another
 *   process.
 * - The process dies while it completes a slot: the next process appends the whole outbox again.
 * - The signal is raised: the messages under way are appended and acknowledged; the others come again later.
 */
export async function relayOutbox(relay: Relay): Promise<void> {
  let failures = 0;
  const onState: Relay['onState'] = (state, detail) => {
    if (state !== 'lost') failures = 0;
    relay.onState(state, detail);
  };
  while (!relay.signal.aborted) {
    try {
      await untilFree(relay, onState);
      await relayOnce({ ...relay, onState });
    } catch (error) {
      if (relay.signal.aborted) return;
      failures += 1;
      onState(isSlotTaken(error) ? 'standby' : 'lost', error);
    }
    const pauseMs = backOffMs(Math.max(1, failures));
    await sleep(pauseMs, undefined, { signal: relay.signal }).catch(() => {});
  }
}

/**
 * Resolves when no process streams from the slot. Asking for it while another process has it would be an error in the
 * server's log.
 */
async function untilFree({ url, slot, signal }: Relay, onState: Relay['onState']): Promise<void> {
  const driverOptions = { fetch_types: false, ...answerWithin(STANDBY_ANSWER_MS) };
  const sql = openRawClient({ url, name: `frontrow-standby-${slot}` }, driverOptions);
  try {
    while (!signal.aborted) {
      const [taken] = await sql`select from pg_replication_slots where slot_name = ${slot} and active`;
      if (!taken) return;
      onState('standby');
      await sleep(STANDBY_LOOK_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Streams until the connection is lost, which throws. Returns at once when it is another process's turn. */
async function relayOnce({ url, slot, log, signal, onState }: Relay): Promise<void> {
  const append = (messages: readonly NewMessage[]) =>
    withDeadline(log.append(messages), APPEND_DEADLINE_MS, () => {
      throw new Error('The event log did not answer in time.');
    });
  const replay = async () => {
    failpoint('relay.slot-made');
    const count = await readOutbox({ url, signal }, append);
    failpoint('relay.outbox-appended');
    return count;
  };
  const completion = await completeSlot({ url, slot, signal, replay });
  if (completion.state === 'busy') return onState('standby');
  if (completion.state === 'replayed') onState('replayed', completion);
  await decodeFromSlot({
    url,
    slot,
    publication: PUBLICATION,
    handle: async (transactions) => {
      failpoint('relay.received');
      await append(transactions.flatMap(toMessages));
      failpoint('relay.appended');
    },
    signal,
    onStreaming: () => onState('streaming'),
  });
}

function toMessages(transaction: DecodedTransaction): NewMessage[] {
  return transaction.rows.map((row) => ({
    id: required(row, 'id'),
    topic: required(row, 'aggregatetype') as AggregateType,
    key: required(row, 'event_id'),
    event: JSON.parse(required(row, 'payload')),
    createdAt: new Date(transaction.commitMs),
    origin: originOf({ requestId: row.request_id ?? null, traceparent: row.traceparent ?? null }),
  }));
}

function required(row: Readonly<Record<string, string | null>>, column: string): string {
  const value = row[column];
  if (value === null || value === undefined) throw new Error(`The outbox row has no ${column}.`);
  return value;
}
