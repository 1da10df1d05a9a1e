import { hash } from 'node:crypto';
import type { PlaceState } from '#domain/waiting-room/room.ts';
import { seededRandom } from '#test/fans/random.ts';
import { Audit, type EstimateFigures, type Promised } from './waiting-room-audit.ts';
import { type Chance, type Crowd, comingAfter, gatherCrowd, NEVER, stayingFor } from './waiting-room-crowd.ts';
import { productRules, RoomModel, type SimulationRules } from './waiting-room-model.ts';

export type SimulationOptions = {
  readonly fans: number;
  readonly seed: number;
  readonly capacity: number;
  /** A planted fault, to see that it is noticed. */
  readonly rules?: Partial<SimulationRules>;
  /** Stops after this share of the expected time, with fans still waiting. */
  readonly stopsAfter?: number;
};

export type SimulationFigures = {
  readonly broken: ReadonlyMap<Promised, number>;
  readonly seconds: number;
  /** The number of calls of joinWaitingRoom. */
  readonly calls: number;
  readonly places: number;
  readonly ends: Readonly<Record<PlaceState, number>>;
  readonly entered: number;
  readonly mostInside: number;
  readonly largestCapacity: number;
  /** Share of the slots that were in use while fans waited and the room was open. */
  readonly used: number;
  readonly draw: { readonly chiSquare: number; readonly freedom: number; readonly limit: number };
  readonly shares: { readonly people: number; readonly bots: number };
  readonly estimates: EstimateFigures;
};

const NONE = -1;
const DRAW_AT = 1_800;
const SILENT_AFTER = 120;
const TELLS_EACH = 30;
const TOLD_AT_A_TIME = 40;
const ARRIVING = 1;
const LEAVING = 2;
const REJOINING = 3;

/**
 * A whole on-sale on a clock of one-second steps, decided by the rules of the product: chance, of one seed, decides
 * all behaviour of people.
 */
export function simulateOnSale(options: SimulationOptions): SimulationFigures {
  return new OnSale(options).run();
}

class OnSale {
  readonly #audit = new Audit();
  readonly #capacity: number;
  readonly #until: number;
  readonly #chance: Chance;
  readonly #crowd: Crowd;
  readonly #room: RoomModel;
  readonly #lastsAbout: number;
  /** The next action of an ordinal: one linked list for each second. */
  readonly #first = new Map<number, number>();
  readonly #next: Int32Array;
  readonly #deed: Uint8Array;
  readonly #gaveUp: Uint8Array;
  readonly #slots = { offered: 0, used: 0, most: 0, largest: 0 };

  constructor({ fans, seed, capacity, rules, stopsAfter = Number.POSITIVE_INFINITY }: SimulationOptions) {
    this.#chance = seededRandom(seed).next;
    this.#capacity = capacity;
    // Two in three take their turn, and stay for three to four minutes.
    this.#lastsAbout = Math.ceil((fans * 0.65 * 210) / capacity);
    this.#until = DRAW_AT + this.#lastsAbout * stopsAfter;
    this.#crowd = gatherCrowd({ fans, drawAt: DRAW_AT, lastsAbout: this.#lastsAbout, chance: this.#chance });
    // The columns are large enough even if each call gave another place.
    const most = this.#crowd.callers.length + Math.ceil(fans * 0.3);
    const secret = hash('sha256', `on-sale ${seed}`, 'hex');
    const audit = this.#audit;
    this.#room = new RoomModel({ rules: { ...productRules, ...rules }, audit, capacity, secret, fans, most });
    this.#next = new Int32Array(most + 1).fill(NONE);
    this.#deed = new Uint8Array(most + 1);
    this.#gaveUp = new Uint8Array(most + 1);
  }

  run(): SimulationFigures {
    const room = this.#room;
    const lastCall = this.#crowd.starts.length - 2;
    let now = 0;
    let busyAt = 0;
    for (; now < this.#until; now++) {
      if (now <= lastCall) this.#takeCalls(now);
      if (now === DRAW_AT) room.draw();
      if (now < DRAW_AT) continue;
      this.#changeRoom((now - DRAW_AT) / this.#lastsAbout);
      this.#letThingsHappen(now);
      this.#beginTurns(now);
      if (now % TELLS_EACH === 0) this.#tellEstimates(now);
      this.#countSlots();
      if (now <= lastCall || this.#first.size > 0 || room.watermark < room.joined) busyAt = now;
      // Until the last turns are over.
      if (now > busyAt + room.graceSeconds) break;
    }
    return this.#figures(now);
  }

  #takeCalls(now: number): void {
    const { callers, starts, leavesAt, saysSo } = this.#crowd;
    for (let call = starts[now] ?? 0; call < (starts[now + 1] ?? 0); call++) {
      const account = callers[call] ?? 0;
      if ((leavesAt[account] ?? NEVER) <= now) {
        // A fan who called leave starts again; a fan who left silently and comes back has the same place.
        if (saysSo[account] === 1) this.#sayGoodbye(account);
        leavesAt[account] = NEVER;
      }
      this.#join(account, now);
    }
  }

  #join(account: number, now: number): void {
    const before = this.#room.ordinalOf[account] ?? NONE;
    const mayHaveAnother = before === NONE || this.#isOver(before, now);
    const after = this.#room.join(account, now);
    this.#audit.expect(
      'one place for each fan',
      after === before || (mayHaveAnother && after === this.#room.joined - 1),
    );
  }

  /** The state that follows from the events alone, without the rules. */
  #isOver(ordinal: number, now: number): boolean {
    const { endedAt, enteredAt, knockedAt, hasLeft, accountOf, beganAt, graceSeconds } = this.#room;
    if (endedAt[ordinal] !== NONE || hasLeft[accountOf[ordinal] ?? 0] === 1) return true;
    if (enteredAt[ordinal] !== NONE) return false;
    const began = beganAt[this.#room.positionOf(ordinal) ?? 0] ?? NONE;
    return began !== NONE && Math.max(began, knockedAt[ordinal] ?? NONE) + graceSeconds <= now;
  }

  #sayGoodbye(account: number): void {
    const ordinal = this.#room.ordinalOf[account] ?? NONE;
    if (ordinal !== NONE && this.#room.enteredAt[ordinal] === NONE) this.#room.hasLeft[account] = 1;
  }

  /** An organizer who makes the room larger, smaller, closes it for a while, and pauses it. */
  #changeRoom(progress: number): void {
    const room = this.#room;
    const closed = Math.min(0.02, 300 / this.#lastsAbout);
    let share = 1;
    if (progress > 0.2 && progress < 0.4) share = 1.4;
    if (progress > 0.4 && progress < 0.55) share = 0.7;
    if (progress > 0.6 && progress < 0.6 + closed) share = 0;
    room.capacity = Math.round(this.#capacity * share);
    this.#slots.largest = Math.max(this.#slots.largest, room.capacity);
    room.isPaused = progress > 0.75 && progress < 0.75 + closed;
  }

  #letThingsHappen(now: number): void {
    const arriving: number[] = [];
    let next = this.#first.get(now) ?? NONE;
    this.#first.delete(now);
    for (let ordinal = next; ordinal !== NONE; ordinal = next) {
      next = this.#next[ordinal] ?? NONE;
      if (this.#deed[ordinal] === LEAVING) this.#room.end(ordinal, now);
      else if (this.#deed[ordinal] === REJOINING) this.#rejoin(ordinal, now);
      else arriving.push(ordinal);
    }
    // As from two processes, one after the other.
    const half = Math.ceil(arriving.length / 2);
    for (const batch of [arriving.slice(0, half), arriving.slice(half)]) this.#arrive(batch, now);
  }

  #rejoin(ordinal: number, now: number): void {
    const account = this.#room.accountOf[ordinal] ?? 0;
    if (this.#room.ordinalOf[account] === ordinal) this.#join(account, now);
  }

  #arrive(ordinals: readonly number[], now: number): void {
    const room = this.#room;
    const inTime = ordinals.filter((ordinal) => {
      const state = room.stateOf(room.accountOf[ordinal] ?? 0, now);
      if (state === 'MISSED' && this.#chance() < 0.5) this.#plan(ordinal, now + 1, REJOINING);
      return state === 'YOUR_TURN';
    });
    if (inTime.length === 0) return;
    const entered = room.enter(inTime, now);
    this.#slots.most = Math.max(this.#slots.most, room.inside);
    for (const ordinal of inTime) {
      if (entered.has(ordinal)) this.#plan(ordinal, now + 1 + stayingFor(this.#chance, SILENT_AFTER), LEAVING);
      else if (this.#chance() < 0.01) this.#gaveUp[ordinal] = 1;
      else this.#plan(ordinal, now + 2 + Math.floor(this.#chance() * 3), ARRIVING);
    }
  }

  #beginTurns(now: number): void {
    const [from, to] = this.#room.tick(now);
    for (let position = from; position <= to; position++) this.#beginTurn(this.#room.ordinalAt(position), now);
  }

  #beginTurn(ordinal: number, now: number): void {
    const { isBot, leavesAt, saysSo } = this.#crowd;
    const account = this.#room.accountOf[ordinal] ?? 0;
    if (this.#room.ordinalOf[account] !== ordinal) return;
    if ((leavesAt[account] ?? NEVER) <= now) {
      if (saysSo[account] === 1) this.#sayGoodbye(account);
      return;
    }
    const after = comingAfter(this.#chance, isBot[account] === 1);
    if (after !== undefined) this.#plan(ordinal, now + after, ARRIVING);
    else if (this.#chance() < 0.2)
      this.#plan(ordinal, now + this.#room.graceSeconds + Math.floor(600 * this.#chance()), REJOINING);
  }

  #plan(ordinal: number, second: number, deed: number): void {
    this.#deed[ordinal] = deed;
    this.#next[ordinal] = this.#first.get(second) ?? NONE;
    this.#first.set(second, ordinal);
  }

  #tellEstimates(now: number): void {
    const room = this.#room;
    const waiting = room.joined - room.watermark;
    for (let fan = 0; fan < Math.min(TOLD_AT_A_TIME, waiting); fan++) {
      const position = room.watermark + 1 + Math.floor(this.#chance() * waiting);
      const { ahead, estimate } = room.estimateFor(position);
      if (estimate) this.#audit.told({ position, ahead, atSeconds: now, estimate });
    }
  }

  #countSlots(): void {
    const { capacity, inside, isPaused, watermark, joined } = this.#room;
    if (isPaused || watermark >= joined) return;
    this.#slots.offered += capacity;
    this.#slots.used += Math.min(capacity, inside);
  }

  #figures(now: number): SimulationFigures {
    const room = this.#room;
    const audit = this.#audit;
    const entries = room.order.length;
    const best = new Int32Array(this.#crowd.fans);
    for (let ordinal = 0; ordinal < entries; ordinal++) {
      const account = room.accountOf[ordinal] ?? 0;
      const position = room.order[ordinal] ?? 0;
      if (best[account] === 0 || position < (best[account] ?? 0)) best[account] = position;
    }
    const draw = audit.checkDraw(room.order);
    const shares = audit.checkShares(best, this.#crowd.isBot, entries);
    const ends = this.#checkEnds(now);
    return {
      draw,
      shares,
      ends,
      seconds: now,
      calls: this.#crowd.callers.length,
      places: room.joined,
      entered: room.enteredAt.reduce((sum, at) => sum + (at === NONE ? 0 : 1), 0),
      mostInside: this.#slots.most,
      largestCapacity: this.#slots.largest,
      used: this.#slots.used / this.#slots.offered,
      estimates: audit.checkEstimates(room.beganAt),
      broken: audit.broken,
    };
  }

  #checkEnds(now: number): Record<PlaceState, number> {
    const ends = { WAITING: 0, YOUR_TURN: 0, INSIDE: 0, LEFT: 0, MISSED: 0 };
    const { ordinalOf, enteredAt, endedAt, knockedAt, hasLeft, beganAt } = this.#room;
    for (let account = 0; account < this.#crowd.fans; account++) {
      const ordinal = ordinalOf[account] ?? NONE;
      // Stopped before it came.
      if (ordinal === NONE) continue;
      const state = this.#room.stateOf(account, now);
      ends[state] += 1;
      const began = beganAt[this.#room.positionOf(ordinal) ?? 0] !== NONE;
      const isIn = enteredAt[ordinal] !== NONE && endedAt[ordinal] === NONE;
      const cameInVain = knockedAt[ordinal] !== NONE && enteredAt[ordinal] === NONE && this.#gaveUp[ordinal] === 0;
      const isRight = {
        WAITING: !began,
        YOUR_TURN: began && enteredAt[ordinal] === NONE,
        INSIDE: isIn,
        LEFT: endedAt[ordinal] !== NONE || hasLeft[account] === 1,
        MISSED: began && enteredAt[ordinal] === NONE && !cameInVain,
      };
      this.#audit.expect('no fan is lost', isRight[state]);
    }
    return ends;
  }
}
