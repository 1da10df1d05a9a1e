import { setTimeout as sleep } from 'node:timers/promises';
import { placeChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse, type Pulse } from '#redis/pulse.ts';
import { AdmissionRequired } from '../booking/errors.ts';
import type { Viewer } from '../viewer.ts';
import { type AdmissionNeeds, ordinalIn } from './admissions.ts';
import { isLiveFor } from './session-views.ts';

type Needs = AdmissionNeeds & { pubsub: PubSub; heartbeat: Heartbeat };
type Watched<T> = {
  readonly eventId: string;
  readonly admission: string | undefined;
  readonly watch: () => Promise<AsyncIterableIterator<T>>;
};

const RETRY_MS = 1_000;

/**
 * What `watch` gives, the same objects, for as long as the viewer is in the room by this admission; then it rejects with
 * AdmissionRequired. Call it when `requireAdmission` let the viewer in, and `return()` when done.
 */
export async function whileAdmitted<T>(
  needs: Needs,
  viewer: Viewer | undefined,
  { eventId, admission, watch }: Watched<T>,
): Promise<AsyncIterableIterator<T>> {
  const ordinal = ordinalIn(needs, viewer, { eventId, admission });
  if (!viewer) throw new AdmissionRequired('MISSING');
  const pulse = await openPulse(needs, [placeChannel(eventId, viewer.userId)]);
  // For what happened before it listened.
  pulse.poke();
  try {
    const inner = await watch();
    const isAdmitted = async () =>
      !needs.waitingRooms.gating(eventId) ||
      isLiveFor(await needs.sessionViews.read(eventId, ordinal, 0), viewer.sessionId);
    return new AdmittedIterator(inner, pulse, isAdmitted);
  } catch (error) {
    pulse.close();
    throw error;
  }
}

class AdmittedIterator<T> implements AsyncIterableIterator<T> {
  readonly #inner: AsyncIterableIterator<T>;
  readonly #pulse: Pulse;
  readonly #isAdmitted: () => Promise<boolean>;
  #isRefused = false;

  constructor(inner: AsyncIterableIterator<T>, pulse: Pulse, isAdmitted: () => Promise<boolean>) {
    this.#inner = inner;
    this.#pulse = pulse;
    this.#isAdmitted = isAdmitted;
    void this.#follow();
  }

  async next(): Promise<IteratorResult<T>> {
    const result = await this.#inner.next();
    if (this.#isRefused) throw new AdmissionRequired('OVER');
    return result;
  }

  async return(): Promise<IteratorResult<T>> {
    this.#pulse.close();
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #follow(): Promise<void> {
    while (await this.#pulse.next()) {
      try {
        this.#isRefused = !(await this.#isAdmitted());
      } catch {
        // Nobody can say now; whoever was inside goes on.
        await sleep(RETRY_MS, undefined, { ref: false });
        this.#pulse.poke();
      }
      if (!this.#isRefused) continue;
      // Which also ends the wait for the next change.
      await this.return();
    }
  }
}
