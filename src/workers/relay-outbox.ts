import { setTimeout as sleep } from 'node:timers/promises';
import { type DecodedTransaction, decodeFromSlot, ensureSlot, isSlotTaken } from '#db/logical-decoding.ts';
import type { AggregateType } from '#events/contracts.ts';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { originOf } from '#events/origin.ts';
import { readOutbox } from './read-outbox.ts';

/** Slots belong to the whole server, which may hold both databases, so each is named after its own. */
export const relaySlot = (databaseUrl: string): string =>
  `relay_${new URL(databaseUrl).pathname.slice(1).replace(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
const PUBLICATION = 'frontrow_outbox';
const PAUSE_MS = 500;

export type Relay = {
  /** The database whose outbox is relayed. */
  url: string;

  slot: string;
  log: Pick<EventLog, 'append'>;
  signal: AbortSignal;
  onState: (state: 'streaming' | 'standby' | 'replayed' | 'lost', detail?: unknown) => void;
};

/**
 * Outbox -> event log, in commit order, at least once; the log leaves out what it has. One process holds the slot, any
 * other waits and takes over. A slot that had to be made anew saw nothing of what was written before: then the whole
 * outbox is appended once more.
 */
export async function relayOutbox(relay: Relay): Promise<void> {
  while (!relay.signal.aborted) {
    try {
      if (await ensureSlot(relay.url, relay.slot, relay.signal)) {
        const count = await readOutbox(relay.url, (messages) => relay.log.append(messages));
        relay.onState('replayed', { count });
      }
      await decodeFromSlot({
        url: relay.url,
        slot: relay.slot,
        publication: PUBLICATION,
        handle: (transactions) => relay.log.append(transactions.flatMap(toMessages)),
        signal: relay.signal,
        onStreaming: () => relay.onState('streaming'),
      });
    } catch (error) {
      if (relay.signal.aborted) return;
      relay.onState(isSlotTaken(error) ? 'standby' : 'lost', error);
      await sleep(PAUSE_MS, undefined, { signal: relay.signal }).catch(() => {});
    }
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
