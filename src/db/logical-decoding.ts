import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gathering } from '#shared/gathering.ts';
import { openRawClient } from '#shared/postgres.ts';
import { postgresError } from './pg-errors.ts';
import { type DecodedTransaction, readServerMessage, standbyStatus, TransactionDecoder } from './pgoutput.ts';

/**
 * The heartbeat, both ways. Each status asks for an answer with the server's position, so that the slot of a quiet
 * database moves on with the WAL of others, without any write. A server that receives nothing for SERVER_PATIENCE_MS
 * gives the slot to the next process, whether this one is frozen, cut off or dead.
 */
const STATUS_EVERY_MS = 1000;
const SERVER_PATIENCE_MS = 3000;
const OUR_PATIENCE_MS = 10_000;
/**
 * From one call of `handle` to the next: transactions that are committed meanwhile are handled together. The first one
 * after a pause is handled at once.
 */
const GATHERING = { leastMs: 10, mostMs: 30 };
/** The server only frees its WAL with what is acknowledged, so there is no hurry. */
const ACKNOWLEDGE_EVERY_MS = 100;
/** How much is read ahead while the log is slow. Beyond it the connection is not read, and WAL waits at the server. */
const QUEUE_LIMIT = 2000;
const QUEUE_LIMIT_BYTES = 16 * 1024 * 1024;
const OBJECT_IN_USE = '55006';

export type { DecodedTransaction };

export type DecodingOptions = {
  url: string;
  slot: string;
  publication: string;
  /** Must be safe to repeat. Only transactions for which it resolved are acknowledged. */
  handle: (transactions: readonly DecodedTransaction[]) => Promise<void>;
  signal: AbortSignal;
  onStreaming?: () => void;
};

/** Another process holds the slot: this one is the standby and tries again later. */
export const isSlotTaken = (error: unknown): boolean => postgresError(error)?.code === OBJECT_IN_USE;

/**
 * Streams committed transactions from a permanent slot until the signal is raised or the connection is lost (then it
 * throws). Exact: an LSN is acknowledged only after `handle` resolved for it, so a crash repeats and never skips.
 * While `handle` works, arriving transactions are queued (bounded) and passed to it together.
 */
export async function decodeFromSlot(options: DecodingOptions): Promise<void> {
  let endStream = (): void => {};
  const driverOptions = {
    fetch_types: false,
    idle_timeout: 0,
    max_lifetime: null,
    connection: { replication: 'database', wal_sender_timeout: SERVER_PATIENCE_MS },
    onclose: () => endStream(),
  };
  const sql = openRawClient({ url: options.url, name: `frontrow-relay-${options.slot}` }, driverOptions);
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
  const timer = setInterval(() => {
    receiver.report();
    if (receiver.isDeaf) stream.destroy(new Error('The server has been silent for too long.'));
  }, STATUS_EVERY_MS);
  // The transactions in `handle` are finished and acknowledged; queued ones come again later.
  const abort = () => void receiver.finish().then(() => endCopy(stream));
  options.signal.addEventListener('abort', abort, { once: true });
  // The signal may have been raised while the connection was being made.
  if (options.signal.aborted) abort();
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

const ENDS_WITHIN_MS = 1000;

/**
 * Tells the server that the stream ends, so that it ends its side as well. Destroying the stream at once is a
 * protocol violation, which the server logs as FATAL.
 */
function endCopy(stream: Duplex): void {
  if (stream.destroyed) return;
  stream.end();
  const late = setTimeout(() => stream.destroy(), ENDS_WITHIN_MS);
  stream.once('close', () => clearTimeout(late));
}

/** The received transactions, those in `handle`, and the position to acknowledge. */
class SlotReceiver {
  failure: unknown;
  private readonly stream: Duplex;
  private readonly handle: DecodingOptions['handle'];
  private readonly decoder = new TransactionDecoder();
  private readonly queue: DecodedTransaction[] = [];
  private draining: Promise<void> | undefined;
  private received = 0n;
  private flushed = 0n;
  private queuedBytes = 0;
  private heardAtMs = performance.now();
  private full = false;
  private finished = false;
  private readonly gathering = new Gathering(GATHERING);
  private reportedAtMs = Number.NEGATIVE_INFINITY;
  private acknowledging: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, handle: DecodingOptions['handle']) {
    this.stream = stream;
    this.handle = handle;
  }

  async take(chunk: Buffer): Promise<void> {
    this.heardAtMs = performance.now();
    if (this.finished) return;
    const message = readServerMessage(chunk);
    if (message.kind === 'keepalive') this.keepAlive(message.endLsn, message.replyWanted);
    if (message.kind !== 'data') return;
    if (message.lsn > this.received) this.received = message.lsn;
    const transaction = this.decoder.push(message.payload);
    this.queuedBytes += message.payload.length;
    if (transaction) this.queue.push(transaction);
    if (this.queue.length > 0) this.draining ??= this.drain();
    if (this.queue.length < QUEUE_LIMIT && this.queuedBytes < QUEUE_LIMIT_BYTES) return;
    this.full = true;
    await this.draining;
    this.full = false;
    this.heardAtMs = performance.now();
  }

  /** Nothing arrived for so long that the server, or the way to it, must be gone. */
  get isDeaf(): boolean {
    return !this.full && performance.now() - this.heardAtMs > OUR_PATIENCE_MS;
  }

  report(): void {
    this.reportedAtMs = performance.now();
    clearTimeout(this.acknowledging);
    this.acknowledging = undefined;
    if (this.stream.writable) this.stream.write(standbyStatus(this.received, this.flushed, Date.now()));
  }

  async settled(): Promise<void> {
    await this.draining;
  }

  /** Takes no further transactions. */
  async finish(): Promise<void> {
    this.finished = true;
    this.queue.length = 0;
    await this.draining;
    this.report();
  }

  private acknowledge(): void {
    const waitMs = this.reportedAtMs + ACKNOWLEDGE_EVERY_MS - performance.now();
    if (waitMs <= 0) this.report();
    else this.acknowledging ??= setTimeout(() => this.report(), waitMs).unref();
  }

  private keepAlive(endLsn: bigint, replyWanted: boolean): void {
    if (endLsn > this.received) this.received = endLsn;
    // No transaction of ours is under way, so everything before this point is handled and a quiet slot moves on.
    const idle = !this.decoder.insideTransaction && this.queue.length === 0 && this.draining === undefined;
    if (idle && endLsn > this.flushed) this.flushed = endLsn;
    if (replyWanted) this.report();
  }

  private async drain(): Promise<void> {
    try {
      while (this.queue.length > 0) {
        const earlyMs = this.gathering.earlyMs(performance.now());
        if (earlyMs > 0) await sleep(earlyMs);
        this.gathering.begin(performance.now());
        const batch = this.queue.splice(0);
        this.queuedBytes = 0;
        if (batch.length === 0) break;
        this.gathering.took(batch.reduce((rows, transaction) => rows + transaction.rows.length, 0));
        await this.handle(batch);
        this.flushed = batch.at(-1)?.endLsn ?? this.flushed;
        this.acknowledge();
      }
    } catch (error) {
      this.failure = error;
      this.finished = true;
      endCopy(this.stream);
    } finally {
      this.draining = undefined;
    }
  }
}
