import { createHmac } from 'node:crypto';
import type { Logger } from 'pino';
import { findNextAttemptAt, listDueNotices, type QueuedNotice, takeHeldNotices } from './notice-queue.ts';
import type { RetryPolicy } from './settings.ts';
import type { Store } from './store.ts';
import type { Trouble } from './trouble.ts';

const MAX_IN_FLIGHT = 64;
/** A timer cannot be set for longer than 2^31 ms, and one needless wake-up an hour is cheap. */
const LONGEST_SLEEP_MS = 3_600_000;

export interface DeliveryNeeds {
  readonly store: Store;
  readonly trouble: Trouble;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly retry: RetryPolicy;
  readonly log: Logger;
}

/** Sends the queued notices until the merchant answers 2xx. All state is in the queue, so a restart loses nothing. */
export class Delivery {
  readonly #needs: DeliveryNeeds;
  readonly #inFlight = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #isWoken = false;

  constructor(needs: DeliveryNeeds) {
    this.#needs = needs;
  }

  /** Call after each commit that may have queued a notice. All calls of a turn of the event loop read the queue once. */
  wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isWoken = false;
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#releaseHeld();
    // One instant for both, because a notice that fell due between two readings of the clock would be forgotten.
    const now = Date.now();
    this.#sendDue(now);
    const next = findNextAttemptAt(this.#needs.store, now);
    if (next === undefined) return;
    const sleepMs = Math.min(Math.max(next - Date.now(), 1), LONGEST_SLEEP_MS);
    this.#timer = setTimeout(() => this.wake(), sleepMs);
  }

  /** Aborts the deliveries under way. Their notices stay queued and are sent again at the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await Promise.allSettled(this.#inFlight.values());
  }

  #sendDue(now: number): void {
    // Notices in flight are still WAITING and due, so they are skipped.
    const free = MAX_IN_FLIGHT - this.#inFlight.size;
    if (free <= 0) return;
    const waiting = (seq: number) => !this.#inFlight.has(seq);
    for (const notice of listDueNotices(this.#needs.store, { now, limit: MAX_IN_FLIGHT * 2, waiting }).slice(0, free))
      this.#track([notice], this.#deliver(notice));
  }

  #releaseHeld(): void {
    const { store, trouble } = this.#needs;
    const enough = Math.max(trouble.switches.reorderWebhooks, 1);
    const lastFirst = takeHeldNotices(store, enough);
    if (lastFirst.length > 0) this.#track(lastFirst, this.#deliverInTurn(lastFirst));
  }

  #track(notices: readonly QueuedNotice[], delivery: Promise<void>): void {
    const tracked = delivery
      .catch((error: unknown) => this.#needs.log.error({ err: error }, 'notice delivery broke'))
      .finally(() => {
        for (const notice of notices) this.#inFlight.delete(notice.seq);
        this.wake();
      });
    for (const notice of notices) this.#inFlight.set(notice.seq, tracked);
  }

  async #deliverInTurn(notices: readonly QueuedNotice[]): Promise<void> {
    for (const notice of notices) await this.#deliver(notice);
  }

  async #deliver(notice: QueuedNotice): Promise<void> {
    const { store, trouble, log } = this.#needs;
    let delivered = false;
    for (let copy = 0; copy <= trouble.switches.duplicateWebhooks; copy += 1) {
      const outcome = await this.#post(notice);
      if (this.#closing.signal.aborted) return;
      delivered ||= outcome === '2xx';
      log.info({ notice: notice.id, type: notice.type, attempt: notice.attempts + 1, outcome }, 'notice sent');
    }
    if (delivered) {
      store.run("UPDATE notices SET state = 'DELIVERED', attempts = attempts + 1 WHERE seq = ?", notice.seq);
      return;
    }
    this.#putBack(notice);
  }

  #putBack(notice: QueuedNotice): void {
    const { store, retry, log } = this.#needs;
    const attempts = notice.attempts + 1;
    const over = attempts >= retry.maxAttempts || Date.now() - notice.created_at >= retry.maxAgeMs;
    const fullWaitMs = Math.min(retry.capMs, retry.baseMs * 2 ** Math.min(attempts - 1, 30));
    store.run(
      'UPDATE notices SET state = ?, attempts = ?, next_attempt_at = ? WHERE seq = ?',
      over ? 'GIVEN_UP' : 'WAITING',
      attempts,
      Date.now() + Math.ceil(fullWaitMs * (0.5 + Math.random() / 2)),
      notice.seq,
    );
    if (over) log.warn({ notice: notice.id, attempts }, 'notice given up');
  }

  /** Sends one POST. Returns '2xx', another status, or why there was no answer. Never throws. */
  async #post(notice: QueuedNotice): Promise<string> {
    const { webhookUrl, webhookSecret, retry } = this.#needs;
    try {
      await this.#needs.store.onDisk();
      const response = await fetch(webhookUrl, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'frontrow-signature': signatureHeader(notice.body, webhookSecret),
        },
        body: notice.body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(retry.timeoutMs)]),
      });
      await response.body?.cancel();
      return response.ok ? '2xx' : String(response.status);
    } catch (error) {
      return error instanceof Error ? error.name : 'failed';
    }
  }
}

/** Stripe's scheme: `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, signed again for each attempt. */
function signatureHeader(body: string, secret: string): string {
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${signature}`;
}
