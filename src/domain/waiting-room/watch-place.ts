import { setTimeout as sleep } from 'node:timers/promises';
import { placeChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse, type Pulse } from '#redis/pulse.ts';
import { PositionWatcher } from '../position-watcher.ts';
import type { Viewer } from '../viewer.ts';
import { estimateOf } from './estimate-rules.ts';
import {
  currentPlace,
  knocksAgainAtMs,
  type PlaceNeeds,
  type PlaceRequest,
  readSession,
  requireStanding,
  type Standing,
} from './find-place.ts';
import type { LiveRoom, RoomWatcher } from './live-room.ts';
import { isAtDoor, isOver, type Place, placeOf } from './place.ts';
import { aheadOf, isWorthTelling } from './place-rules.ts';
import type { RoomSession } from './room.ts';

export type WatchPlaceNeeds = PlaceNeeds & { pubsub: PubSub; heartbeat: Heartbeat };

/**
 * The viewer's place now, and again when its state changes, when an admission is renewed, or when enough moved while
 * it waits. Ends after a place that is over: a viewer who joins again has to watch again. Throws NotFound for a
 * viewer without a place. Call `return()` when done.
 */
export async function watchPlace(
  needs: WatchPlaceNeeds,
  viewer: Viewer,
  request: PlaceRequest,
): Promise<AsyncIterableIterator<Place>> {
  const standing = await requireStanding(needs, viewer, request);
  const first = await currentPlace(needs, viewer, standing);
  const session = needs.sessionViews.peek(request.eventId, first.ordinal);
  return new PlaceWatcher(needs, { live: standing.live, viewer, first, session });
}

/** A renewed admission is worth a message when it ends so much later. */
const WORTH_MS = 15_000;
const RETRY_MS = 1_000;
const LOOK_AT_LEAST_MS = 5_000;
/** The clocks of the timer and of the database differ by less than this. */
const LATE_MS = 50;
const MAX_TIMER_MS = 2 ** 31 - 1;

type Start = { live: LiveRoom; viewer: Viewer; first: Place; session: RoomSession | undefined };

class PlaceWatcher extends PositionWatcher<Place> implements RoomWatcher {
  readonly #needs: WatchPlaceNeeds;
  readonly #live: LiveRoom;
  readonly #viewer: Viewer;
  readonly #ordinal: number;
  #first: Place | undefined;
  #told: Place;
  #session: RoomSession | undefined;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Set since the turn has come. */
  #pulse: Promise<Pulse> | undefined;
  #isOver = false;

  constructor(needs: WatchPlaceNeeds, { live, viewer, first, session }: Start) {
    super();
    this.#needs = needs;
    this.#live = live;
    this.#viewer = viewer;
    this.#ordinal = first.ordinal;
    this.#first = first;
    this.#told = first;
    this.#session = session;
    live.enter(this);
  }

  poke(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  hasNewState(): boolean {
    const { state, position } = this.#told;
    if (state !== 'WAITING') return false;
    return (position !== undefined && position <= this.#live.room.watermark) || this.#live.hasLeft(this.#ordinal);
  }

  protected take(): Place | undefined {
    if (this.#first) return this.#tell(this.#first);
    if (this.#isStillWaiting()) return undefined;
    const place = this.#now();
    return isWorthTelling(this.#told, place) || isRenewed(this.#told, place) ? this.#tell(place) : undefined;
  }

  protected onMore(wake: () => void): void {
    this.#wake = wake;
  }

  protected isClosed(): boolean {
    return this.#isOver;
  }

  protected leave(): void {
    this.#isOver = true;
    this.#live.leave(this);
    clearTimeout(this.#timer);
    void this.#pulse?.then((pulse) => pulse.close());
  }

  #now(): Place {
    const nowMs = this.#needs.waitingRooms.nowMs();
    return placeOf({ ...this.#standing(), viewer: this.#viewer, session: this.#session, nowMs });
  }

  #tell(place: Place): Place {
    this.#first = undefined;
    this.#told = place;
    if (isOver(place)) this.leave();
    else if (place.state !== 'WAITING') {
      this.#pulse ??= this.#followTurn();
      this.#arm();
    }
    return place;
  }

  /** Tens of thousands of watchers call this every second, and most of them return true. */
  #isStillWaiting(): boolean {
    const { room } = this.#live;
    const { state, position, ahead, estimate } = this.#told;
    if (state !== 'WAITING' || room.state === 'ENDED' || this.#live.hasLeft(this.#ordinal)) return false;
    if (position === undefined || ahead === undefined) return room.draw === undefined;
    if (position <= room.watermark) return false;
    const now = { state, position, ahead: aheadOf(room, position), estimate };
    if (room.progress.pace) now.estimate = estimateOf(now.ahead, room.progress.pace);
    return !isWorthTelling(this.#told, now);
  }

  /** Once the turn has come, time alone also changes the place. */
  #arm(): void {
    clearTimeout(this.#timer);
    const dueMs = this.#dueMs() - this.#needs.waitingRooms.nowMs();
    this.#timer = setTimeout(this.#onTime, Math.min(MAX_TIMER_MS, Math.max(RETRY_MS, dueMs + LATE_MS))).unref();
  }

  #dueMs(): number {
    const nowMs = this.#needs.waitingRooms.nowMs();
    const { admission, state } = this.#told;
    if (state === 'YOUR_TURN' && isAtDoor(this.#session)) return knocksAgainAtMs(this.#live, this.#session);
    if (state === 'YOUR_TURN') return admission?.expiresAtMs ?? nowMs;
    // Half of the remaining time, so that an admission is renewed in time and an idle fan costs few reads.
    return nowMs + Math.max(LOOK_AT_LEAST_MS, ((this.#session?.expiresAtMs ?? nowMs) - nowMs) / 2);
  }

  readonly #onTime = (): void => {
    void this.#pulse?.then((pulse) => pulse.poke());
  };

  async #followTurn(): Promise<Pulse> {
    const { eventId, userId } = this.#told;
    const pulse = await openPulse(this.#needs, [placeChannel(eventId, userId)]);
    // For changes that happened before it listened.
    pulse.poke();
    void this.#readOn(pulse);
    return pulse;
  }

  async #readOn(pulse: Pulse): Promise<void> {
    while (await pulse.next()) {
      try {
        this.#session = await this.#readSession();
        this.poke();
      } catch {
        await sleep(RETRY_MS, undefined, { ref: false });
        pulse.poke();
      }
      if (!this.#isOver) this.#arm();
    }
  }

  /** A session that another sign-in took over stays with that sign-in, because its request is the later one. */
  async #readSession(): Promise<RoomSession | undefined> {
    const { sessionViews } = this.#needs;
    const session = await sessionViews.read(this.#told.eventId, this.#ordinal, 0);
    return isAtDoor(session) ? await readSession(this.#needs, this.#viewer, this.#standing()) : session;
  }

  #standing(): Standing {
    return { live: this.#live, ordinal: this.#ordinal, hasLeft: false };
  }
}

/**
 * Whether the fan may now enter or no longer may; or the admission ends later: by enough, or by any time once half of
 * it is over.
 */
function isRenewed({ admission: told }: Place, { admission: now }: Place): boolean {
  if (!told || !now) return told !== now;
  const gainMs = now.expiresAtMs - told.expiresAtMs;
  const isHalfWay = now.issuedAtMs >= (told.issuedAtMs + told.expiresAtMs) / 2;
  return gainMs >= WORTH_MS || (isHalfWay && gainMs > 0);
}
