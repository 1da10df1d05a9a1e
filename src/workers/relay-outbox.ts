import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { answerWithin } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { type DecodedTransaction, decodeFromSlot, isSlotTaken } from '#db/logical-decoding.ts';
import { completeSlot } from '#db/replication-slots.ts';
import type { AggregateType } from '#events/contracts.ts';
import { backOffMs } from '#events/log/back-off.ts';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { originOf } from '#events/origin.ts';
import { readOutbox } from './read-outbox.ts';

/** Slots belong to the whole server, which may hold both databases, so each is named after its own. */
export const relaySlot = (databaseUrl: string): string =>
  `relay_${new URL(databaseUrl).pathname.slice(1).replace(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
const PUBLICATION = 'frontrow_outbox';
/** A standby asks so often whether the slot is free, on a connection that it keeps. */
const STANDBY_LOOK_MS = 1000;
const STANDBY_ANSWER_MS = 5000;
/** Longer than either log waits by itself. Should one hang all the same, the slot is given to whoever can reach the log. */
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
 * Outbox -> event log, in commit order, at least once; the log leaves out what it has. One process holds the slot, any
 * other waits and takes over. A slot that had to be made anew saw nothing of what was written before: then the whole
 * outbox is appended once more, before anybody reads from the slot.
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

/** Resolves when no process streams from the slot. To ask for it while another one has it is an error in the server's log. */
async function untilFree({ url, slot, signal }: Relay, onState: Relay['onState']): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    fetch_types: false,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: `frontrow-standby-${slot}` },
    ...answerWithin(STANDBY_ANSWER_MS),
  });
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

/** Until the connection is lost, which throws; or ends at once when it is another process's turn. */
async function relayOnce({ url, slot, log, signal, onState }: Relay): Promise<void> {
  const append = (messages: readonly NewMessage[]) => withDeadline(log.append(messages));
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

async function withDeadline(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The event log did not answer in time.')), APPEND_DEADLINE_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
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
