import type { Duplex } from 'node:stream';
import postgres from 'postgres';
import { type DecodedTransaction, readServerMessage, standbyStatus, TransactionDecoder } from './pgoutput.ts';

const STATUS_EVERY_MS = 2000;
const QUEUE_LIMIT = 2000;
const OBJECT_IN_USE = '55006';

export type { DecodedTransaction };

export type DecodingOptions = {
  url: string;
  slot: string;
  publication: string;
  /** Must be safe to repeat. What it resolved for is acknowledged, and nothing else. */
  handle: (transactions: readonly DecodedTransaction[]) => Promise<void>;
  signal: AbortSignal;
  onStreaming?: () => void;
};

/**
 * Makes the permanent slot. Answers whether it was missing, which means that rows before it were never decoded. PostgreSQL
 * waits with it for every transaction of the server that is open now; the signal ends the wait.
 */
export async function ensureSlot(url: string, slot: string, signal: AbortSignal): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  const abort = () => void sql.end({ timeout: 0 });
  signal.addEventListener('abort', abort, { once: true });
  try {
    const [known] = await sql`select from pg_replication_slots where slot_name = ${slot}`;
    if (known) return false;
    await sql`select pg_create_logical_replication_slot(${slot}, 'pgoutput')`;
    return true;
  } finally {
    signal.removeEventListener('abort', abort);
    await sql.end({ timeout: 2 });
  }
}

/** Another process holds the slot: this one is the standby and tries again later. */
export const isSlotTaken = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && error.code === OBJECT_IN_USE;

/**
 * Streams committed transactions from a permanent slot until the signal is raised or the connection is lost (then it
 * throws). Exact: an LSN is acknowledged only after `handle` resolved for it, so a crash repeats and never skips.
 * While `handle` works, arriving transactions queue up (bounded) and go to it together.
 */
export async function decodeFromSlot(options: DecodingOptions): Promise<void> {
  let endStream = (): void => {};
  const sql = postgres(options.url, {
    max: 1,
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: `frontrow-relay-${options.slot}`, replication: 'database' } as never,
    onclose: () => endStream(),
  });
  try {
    const stream = await sql
      .unsafe(
        `START_REPLICATION SLOT "${options.slot}" LOGICAL 0/0 (proto_version '1', publication_names '${options.publication}')`,
      )
      .writable();
    endStream = () => stream.destroy(new Error('The replication connection was closed.'));
    options.onStreaming?.();
    await pump(stream as unknown as Duplex, options);
  } finally {
    await sql.end({ timeout: 1 }).catch(() => {});
  }
}

async function pump(stream: Duplex, options: DecodingOptions): Promise<void> {
  const receiver = new SlotReceiver(stream, options.handle);
  const timer = setInterval(() => receiver.report(), STATUS_EVERY_MS);
  const abort = () => stream.destroy();
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const chunk of stream) await receiver.take(chunk as Buffer);
  } catch (error) {
    if (!options.signal.aborted && !receiver.failure) throw error;
  } finally {
    clearInterval(timer);
    options.signal.removeEventListener('abort', abort);
    await receiver.settled();
  }
  if (receiver.failure) throw receiver.failure;
}

/** What arrived, what is being handled, and what may be acknowledged. */
class SlotReceiver {
  failure: unknown;
  private readonly stream: Duplex;
  private readonly handle: DecodingOptions['handle'];
  private readonly decoder = new TransactionDecoder();
  private readonly queue: DecodedTransaction[] = [];
  private draining: Promise<void> | undefined;
  private received = 0n;
  private flushed = 0n;

  constructor(stream: Duplex, handle: DecodingOptions['handle']) {
    this.stream = stream;
    this.handle = handle;
  }

  async take(chunk: Buffer): Promise<void> {
    const message = readServerMessage(chunk);
    if (message.kind === 'keepalive') this.keepAlive(message.endLsn, message.replyWanted);
    if (message.kind !== 'data') return;
    if (message.lsn > this.received) this.received = message.lsn;
    const transaction = this.decoder.push(message.payload);
    if (transaction) this.queue.push(transaction);
    if (this.queue.length > 0) this.draining ??= this.drain();
    if (this.queue.length >= QUEUE_LIMIT) await this.draining;
  }

  report(): void {
    if (!this.stream.destroyed) this.stream.write(standbyStatus(this.received, this.flushed, Date.now()));
  }

  async settled(): Promise<void> {
    await this.draining;
  }

  private keepAlive(endLsn: bigint, replyWanted: boolean): void {
    if (endLsn > this.received) this.received = endLsn;
    // Nothing of ours is under way, so everything before this point is handled and a quiet slot moves on.
    const idle = !this.decoder.insideTransaction && this.queue.length === 0 && this.draining === undefined;
    if (idle && endLsn > this.flushed) this.flushed = endLsn;
    if (replyWanted) this.report();
  }

  private async drain(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const batch = this.queue.splice(0);
        await this.handle(batch);
        this.flushed = batch.at(-1)?.endLsn ?? this.flushed;
        this.report();
      }
    } catch (error) {
      this.failure = error;
      this.stream.destroy();
    } finally {
      this.draining = undefined;
    }
  }
}
