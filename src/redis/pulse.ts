import { withDeadline } from '#shared/deadline.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { PubSub } from './pubsub.ts';

/** How long a reader waits for its channels. Without them the heartbeat's recheck brings the changes. */
const SUBSCRIBE_PATIENCE_MS = 1_000;

/** Signals that the state may have changed. A hundred messages between two reads are one. */
export class Pulse {
  #pending = false;
  #closed = false;
  #waiting: ((alive: boolean) => void) | undefined;
  #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  readonly poke = (): void => {
    if (this.#closed) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(true);
    else this.#pending = true;
  };

  /** True after a poke, false when the pulse is closed. Only one call at a time. */
  next(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#pending) {
      this.#pending = false;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting?.(false);
    this.#onClose();
  }
}

type PulseOptions = {
  /** False for a message that reports what the caller has read. */
  readonly isNews?: (payload: unknown) => boolean;
  /** Also pulses so often, for what changes without a message. */
  readonly everyMs?: number;
};

/**
 * Pulses for each message on these channels, and when a message may have been lost. Resolves once it listens, so that
 * a caller that reads afterwards misses no change.
 */
export async function openPulse(
  { pubsub, heartbeat }: { pubsub: PubSub; heartbeat: Heartbeat },
  channels: readonly string[],
  { isNews = () => true, everyMs }: PulseOptions = {},
): Promise<Pulse> {
  const pulse: Pulse = new Pulse(() => {
    clearInterval(timer);
    offRecheck();
    for (const subscription of subscriptions)
      void subscription.then((id) => id !== undefined && pubsub.unsubscribe(id));
  });
  const timer = everyMs === undefined ? undefined : setInterval(pulse.poke, everyMs).unref();
  const offRecheck = heartbeat.onRecheck(pulse.poke);
  const onMessage = (payload: unknown) => {
    if (isNews(payload)) pulse.poke();
  };
  const subscriptions = channels.map((channel) => pubsub.subscribe(channel, onMessage).catch(() => undefined));
  const all = Promise.all(subscriptions).then(() => true);
  if (!(await withDeadline(all, SUBSCRIBE_PATIENCE_MS, () => false))) void all.then(pulse.poke);
  return pulse;
}
