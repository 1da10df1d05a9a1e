import { setTimeout as sleep } from 'node:timers/promises';
import { placeChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse, type Pulse } from '#redis/pulse.ts';
import { AdmissionRequired } from '../booking/errors.ts';
import type { Viewer } from '../viewer.ts';
import { type AdmissionNeeds, claimsIn, requireAdmission } from './admissions.ts';
import type { LiveRoom } from './live-room.ts';
import { isLiveFor } from './session-views.ts';

type Needs = AdmissionNeeds & { pubsub: PubSub; heartbeat: Heartbeat };
type Watch<T> = () => Promise<AsyncIterableIterator<T>>;

const RETRY_MS = 1_000;

/**
 * Passes on what `watch` yields, the same objects, for as long as the viewer may see the seats of the event; then
 * rejects with AdmissionRequired: when the session in the room ends, or when the room opens. For an event without a
 * waiting room it returns the result of `watch`. Throws like `requireAdmission`. Call `return()` when done.
 */
export async function whileAdmitted<T>(
  needs: Needs,
  viewer: Viewer | undefined,
  { eventId, admission, watch }: { eventId: string; admission: string | undefined; watch: Watch<T> },
): Promise<AsyncIterableIterator<T>> {
  const live = needs.waitingRooms.get(eventId);
  const admitted = requireAdmission(needs, viewer, { eventId, admission });
  if (!admitted) return live ? await untilItOpens(needs, live, watch) : await watch();
  await admitted;
  const { ordinal } = claimsIn(needs, viewer, { eventId, admission });
  const signInId = viewer?.sessionId ?? '';
  const pulse = await openPulse(needs, [placeChannel(eventId, viewer?.userId ?? '')]);
  // For changes that happened before it listened.
  pulse.poke();
  const isAdmitted = async () =>
    !needs.waitingRooms.gating(eventId) || isLiveFor(await needs.sessionViews.read(eventId, ordinal, 0), signInId);
  const iterator = await endable(watch, () => pulse.close());
  void endUnless(isAdmitted, pulse, iterator);
  return iterator;
}

async function untilItOpens<T>(needs: Needs, live: LiveRoom, watch: Watch<T>): Promise<AsyncIterableIterator<T>> {
  const look = () => {
    if (needs.waitingRooms.gating(live.room.eventId)) iterator.end('MISSING');
  };
  const watcher = { poke: look };
  const iterator = await endable(watch, () => live.leave(watcher));
  live.enter(watcher);
  look();
  return iterator;
}

async function endUnless(
  isAdmitted: () => Promise<boolean>,
  pulse: Pulse,
  iterator: EndableIterator<unknown>,
): Promise<void> {
  while (await pulse.next()) {
    try {
      if (!(await isAdmitted())) iterator.end('OVER');
    } catch {
      // The state is unknown now; a viewer who was inside goes on.
      await sleep(RETRY_MS, undefined, { ref: false });
      pulse.poke();
    }
  }
}

async function endable<T>(watch: Watch<T>, onReturn: () => void): Promise<EndableIterator<T>> {
  try {
    return new EndableIterator(await watch(), onReturn);
  } catch (error) {
    onReturn();
    throw error;
  }
}

class EndableIterator<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterableIterator<T>;
  readonly #onReturn: () => void;
  #refusal: AdmissionRequired | undefined;

  constructor(inner: AsyncIterableIterator<T>, onReturn: () => void) {
    this.#inner = inner;
    this.#onReturn = onReturn;
  }

  /** Rejects from now on, including a call that already waits. */
  end(problem: 'MISSING' | 'OVER'): void {
    this.#refusal ??= new AdmissionRequired(problem);
    void this.return();
  }

  async next(): Promise<IteratorResult<T>> {
    const result = await this.#inner.next();
    if (this.#refusal) throw this.#refusal;
    return result;
  }

  async return(): Promise<IteratorResult<T>> {
    this.#onReturn();
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
