import { decideTick, mayEnter } from '#domain/waiting-room/admission-rules.ts';
import { drawOrder, positionOf } from '#domain/waiting-room/draw-rules.ts';
import { estimateOf } from '#domain/waiting-room/estimate-rules.ts';
import { aheadOf, placeStateOf } from '#domain/waiting-room/place-rules.ts';
import type { PlaceState, Progress, RoomSession, RoomState, Step } from '#domain/waiting-room/room.ts';
import type { Audit } from './waiting-room-audit.ts';

/** Those of the product, unless a test plants a fault. */
export const productRules = {
  drawOrder,
  decideTick,
  mayEnter,
  placeStateOf,
  estimateOf,
  mayJoinAgain: (state: PlaceState): boolean => state === 'LEFT' || state === 'MISSED',
};
export type SimulationRules = typeof productRules;

/** The shares and the pace that the controller learns. */
const WINDOW = 600;
const NONE = -1;

/** The tables of one room in memory. Seconds since its opening; every write is checked against its promises. */
export class RoomModel {
  readonly ordinalOf: Int32Array;
  readonly accountOf: Int32Array;
  readonly hasLeft: Uint8Array;
  readonly knockedAt: Int32Array;
  readonly enteredAt: Int32Array;
  readonly endedAt: Int32Array;
  /** [position] -> when its turn began. */
  readonly beganAt: Int32Array;
  readonly graceSeconds = 60;
  capacity: number;
  isPaused = false;
  state: RoomState = 'OPEN';
  joined = 0;
  watermark = 0;
  inside = 0;
  /** Turns that run or ran without an entry. */
  outstanding = 0;
  missed = 0;
  order: Uint32Array = new Uint32Array(0);
  progress: Progress | undefined;
  readonly #door = new Map<number, { ordinal: number; position: number }>();
  readonly #steps: Step[] = [];
  readonly #resolved = { turns: new Int32Array(WINDOW), came: new Int32Array(WINDOW) };
  readonly #rules: SimulationRules;
  readonly #audit: Audit;
  readonly #secret: string;
  #ordinalAt = new Int32Array(0);
  #overUpTo = 0;

  constructor(needs: {
    rules: SimulationRules;
    audit: Audit;
    capacity: number;
    secret: string;
    fans: number;
    most: number;
  }) {
    this.#rules = needs.rules;
    this.#audit = needs.audit;
    this.#secret = needs.secret;
    this.capacity = needs.capacity;
    this.ordinalOf = new Int32Array(needs.fans).fill(NONE);
    this.hasLeft = new Uint8Array(needs.fans);
    const column = () => new Int32Array(needs.most + 1).fill(NONE);
    [this.accountOf, this.knockedAt, this.enteredAt, this.endedAt, this.beganAt] = [
      column(),
      column(),
      column(),
      column(),
      column(),
    ];
  }

  join(account: number, now: number): number {
    const earlier = this.ordinalOf[account] ?? NONE;
    if (earlier !== NONE && !this.#rules.mayJoinAgain(this.stateOf(account, now))) return earlier;
    if (this.joined >= this.accountOf.length - 1) throw new Error('More places than expected.');
    const ordinal = this.joined;
    this.joined += 1;
    this.accountOf[ordinal] = account;
    this.ordinalOf[account] = ordinal;
    this.hasLeft[account] = 0;
    return ordinal;
  }

  positionOf(ordinal: number): number | undefined {
    const draw = this.state === 'OPEN' ? undefined : { secret: this.#secret, entries: this.order.length };
    return positionOf({ draw }, this.order, ordinal);
  }

  stateOf(account: number, now: number): PlaceState {
    const ordinal = this.ordinalOf[account] ?? NONE;
    return this.#rules.placeStateOf({
      room: this.#room(now),
      position: this.positionOf(ordinal),
      hasLeft: this.hasLeft[account] === 1,
      session: this.#sessionOf(ordinal),
      nowMs: now * 1000,
    });
  }

  /** The fans whose turn it is and who come now. Returns those who are inside; the others are at the door. */
  enter(ordinals: readonly number[], now: number): ReadonlySet<number> {
    this.#forgetWhoWentFromTheDoor(now);
    const arriving = ordinals.map((ordinal) => ({ ordinal, position: this.positionOf(ordinal) ?? 0 }));
    const entering = this.#rules.mayEnter({
      capacity: this.capacity,
      inside: this.inside,
      atDoor: [...this.#door.values()],
      arriving,
    });
    let last = 0;
    for (const comer of arriving) {
      if (!this.#hasRow(comer.ordinal)) this.outstanding -= 1;
      if (entering.has(comer.ordinal)) {
        this.#door.delete(comer.ordinal);
        this.enteredAt[comer.ordinal] = now;
        this.inside += 1;
        last = Math.max(last, comer.position);
        this.#audit.expect('at most the capacity inside', this.inside <= this.capacity);
      } else {
        this.#door.set(comer.ordinal, comer);
        this.knockedAt[comer.ordinal] = now;
      }
    }
    if (last > 0) {
      // A fan who is not asking at this moment may be overtaken, as long as a slot is kept.
      const overtaken = [...this.#door.values()].filter(({ position }) => position < last).length;
      const isKept = overtaken <= this.capacity - this.inside;
      this.#audit.expect('a free slot is for the smallest position at the door', isKept);
    }
    return entering;
  }

  end(ordinal: number, now: number): void {
    this.endedAt[ordinal] = now;
    this.inside -= 1;
  }

  draw(): void {
    this.order = this.#rules.drawOrder(this.#secret, this.joined);
    this.#ordinalAt = new Int32Array(this.order.length + 1).fill(NONE);
    for (const [ordinal, position] of this.order.entries()) {
      const isFree = position > 0 && this.#ordinalAt[position] === NONE;
      this.#audit.expect('each position is drawn once', isFree);
      this.#ordinalAt[position] = ordinal;
    }
    this.state = 'DRAWN';
  }

  ordinalAt(position: number): number {
    return position <= this.order.length ? (this.#ordinalAt[position] ?? NONE) : position - 1;
  }

  /** Returns the positions whose turns begin, from and to. */
  tick(now: number): [number, number] {
    this.#endTurns(now);
    this.#forgetWhoWentFromTheDoor(now);
    const before = this.watermark;
    const { watermark, progress } = this.#rules.decideTick({
      nowMs: now * 1000,
      capacity: this.capacity,
      isPaused: this.isPaused,
      joined: this.joined,
      watermark: before,
      inside: this.inside,
      atDoor: this.#door.size,
      outstanding: this.outstanding,
      graceSeconds: this.graceSeconds,
      resolved: { turns: sum(this.#resolved.turns), came: sum(this.#resolved.came) },
      missed: this.missed,
      steps: this.#stepsSince(now - WINDOW),
    });
    this.progress = progress;
    this.#audit.expect('the watermark never goes back', watermark >= before && watermark <= this.joined);
    if (watermark === before) return [before + 1, before];
    this.#audit.expect('no turn begins in a paused or closed room', !this.isPaused && this.capacity > 0);
    this.watermark = watermark;
    this.#steps.push({ watermark, atMs: now * 1000 });
    for (let position = before + 1; position <= watermark; position++) {
      const isFirstTime = this.beganAt[position] === NONE;
      const isInOrder = position === 1 || this.beganAt[position - 1] !== NONE;
      this.#audit.expect('turns begin in the order of positions', isFirstTime && isInOrder);
      this.beganAt[position] = now;
    }
    this.outstanding += Math.max(0, watermark - before);
    return [before + 1, watermark];
  }

  estimateFor(position: number): { ahead: number; estimate: ReturnType<typeof estimateOf> } {
    const ahead = aheadOf(this, position);
    return { ahead, estimate: this.#rules.estimateOf(ahead, this.progress?.pace) };
  }

  #hasRow(ordinal: number): boolean {
    return this.knockedAt[ordinal] !== NONE || this.enteredAt[ordinal] !== NONE;
  }

  #endTurns(now: number): void {
    const slot = now % WINDOW;
    this.#resolved.turns[slot] = 0;
    this.#resolved.came[slot] = 0;
    while (this.#overUpTo < this.watermark && (this.beganAt[this.#overUpTo + 1] ?? 0) + this.graceSeconds <= now) {
      this.#overUpTo += 1;
      this.#resolved.turns[slot] = (this.#resolved.turns[slot] ?? 0) + 1;
      if (this.#hasRow(this.ordinalAt(this.#overUpTo))) {
        this.#resolved.came[slot] = (this.#resolved.came[slot] ?? 0) + 1;
      } else {
        this.outstanding -= 1;
        this.missed += 1;
      }
    }
  }

  #forgetWhoWentFromTheDoor(now: number): void {
    for (const ordinal of this.#door.keys()) {
      if ((this.knockedAt[ordinal] ?? 0) + this.graceSeconds <= now) this.#door.delete(ordinal);
    }
  }

  #stepsSince(second: number): Step[] {
    let first = this.#steps.length;
    while (first > 0 && (this.#steps[first - 1]?.atMs ?? 0) > second * 1000) first -= 1;
    return this.#steps.slice(Math.max(0, first - 1));
  }

  #room(now: number) {
    const { state, watermark, graceSeconds } = this;
    return { state, watermark, graceSeconds, steps: this.#stepsSince(now - graceSeconds) };
  }

  #sessionOf(ordinal: number): RoomSession | undefined {
    if (!this.#hasRow(ordinal)) return undefined;
    const ms = (column: Int32Array) => (column[ordinal] === NONE ? null : (column[ordinal] ?? 0) * 1000);
    return {
      ordinal,
      userId: String(this.accountOf[ordinal]),
      position: this.positionOf(ordinal) ?? 0,
      signInId: 'one',
      knockedAtMs: ms(this.knockedAt),
      calledAtMs: null,
      enteredAtMs: ms(this.enteredAt),
      expiresAtMs: ms(this.enteredAt),
      endedAtMs: ms(this.endedAt),
    };
  }
}

const sum = (numbers: Int32Array): number => numbers.reduce((total, number) => total + number, 0);
