import { HEARTBEAT_CHANNEL } from './channels.ts';
import type { PubSub } from './pubsub.ts';

/**
 * Detects whether this process receives published messages. Pub/sub loses messages silently, so each user of it also
 * registers a recheck: it runs every `recheckMs` while the process is deaf, and once when messages arrive again.
 */
export type Heartbeat = {
  /** True without a beat for `deafAfterMs`, or when the connection was lost and no beat came since. */
  isDeaf(): boolean;
  /** Returns the function that unregisters it. A recheck handles its own errors. */
  onRecheck(recheck: () => void): () => void;
  /** Close it before the connection, which ends its subscription. */
  close(): void;
};

export function openHeartbeat(
  { pubsub }: { pubsub: PubSub },
  { deafAfterMs = 5_000, recheckMs = 3_000 }: { deafAfterMs?: number; recheckMs?: number } = {},
): Heartbeat {
  const rechecks = new Set<() => void>();
  let heardAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  let recheckedAt = Number.NEGATIVE_INFINITY;
  const isDeaf = () => performance.now() - heardAt > deafAfterMs;
  const recheckAll = () => {
    recheckedAt = performance.now();
    for (const recheck of rechecks) recheck();
  };
  const onLost = () => {
    heardAt = Number.NEGATIVE_INFINITY;
  };
  pubsub.getSubscriber().on('close', onLost);
  void pubsub
    .subscribe(HEARTBEAT_CHANNEL, () => {
      if (closed) return;
      const wasDeaf = isDeaf();
      heardAt = performance.now();
      // All channels are subscribed again in one command, so from this beat on no message is missed.
      if (wasDeaf) recheckAll();
    })
    .catch(() => undefined);
  const timer = setInterval(
    () => {
      if (!isDeaf() || performance.now() - recheckedAt < recheckMs) return;
      recheckAll();
      // A connection that does not answer is given up, and all channels are subscribed on a new one.
      pubsub
        .getSubscriber()
        .ping()
        .catch(() => undefined);
    },
    Math.min(500, recheckMs),
  );
  timer.unref();
  return {
    isDeaf,
    onRecheck(recheck) {
      rechecks.add(recheck);
      return () => rechecks.delete(recheck);
    },
    close() {
      closed = true;
      clearInterval(timer);
      rechecks.clear();
      pubsub.getSubscriber().off('close', onLost);
    },
  };
}
