import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AccessTokens, openAccessTokens } from '#domain/account/access-tokens.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { eachOf, membersOf } from '#test/fans/crowd.ts';
import { HttpPool } from '#test/fans/http-pool.ts';
import { postJson } from '#test/fans/lean-http.ts';
import {
  joinMutation,
  leaveMutation,
  placeChangedQuery,
  placeQuery,
  seatMapQuery,
} from '#test/fans/waiting-room-fan.ts';
import { Arrivals } from './arrivals.ts';
import { RoomFan, type ToldPlace } from './room-fan.ts';
import { FanSocket } from './room-socket.ts';
import { userIdOf } from './viewers.ts';

export type CrowdOptions = {
  readonly ports: readonly number[];
  readonly eventId: string;
  readonly tokenPrivateKey: string;
  /** The number of the first fan, which is also the seed of what the fans decide. */
  readonly from: number;
  readonly count: number;
  /** Shares of the fans whose turn comes, and of the fans inside. */
  readonly showUp: number;
  readonly silent: number;
  readonly arriveWithinMs: number;
  readonly stayMs: { readonly least: number; readonly most: number };
};

const OPEN_AT_ONCE = 100;
const CONNECTIONS = 32;
const TOKEN_GOOD_MS = 600_000;
const TOUCH_EVERY_MS = 3000;

/** Thousands of fans of one waiting room: they join, listen or poll, go in when it is their turn, and leave. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #tokens: AccessTokens;
  readonly #issued = new Map<RoomFan, { token: string; atMs: number }>();
  readonly #pools: readonly HttpPool[];
  readonly #globalEventId: string;
  readonly #sockets = new Map<RoomFan, FanSocket>();
  readonly arrivals = new Arrivals();
  readonly fans: readonly RoomFan[];
  readonly problems: string[] = [];
  readonly counts = {
    frames: 0,
    bytes: 0,
    entered: 0,
    atDoor: 0,
    left: 0,
    silent: 0,
    touched: 0,
    renewed: 0,
    cuts: 0,
    failed: 0,
  };
  /** Reasons for failed connections, with their counts. */
  readonly refusals: Record<string, number> = {};
  isActing = false;
  #isClosed = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#tokens = openAccessTokens({ privateKey: options.tokenPrivateKey });
    this.#pools = options.ports.map((port) => new HttpPool(port, CONNECTIONS));
    this.#globalEventId = encodeGlobalId('Event', options.eventId);
    const seed = options.from + 1;
    this.fans = membersOf({ fans: options.count, seed }).map(({ index: offset, random }) => {
      const index = options.from + offset;
      return new RoomFan({ index, random, userId: userIdOf(index), signInId: randomUUIDv7() });
    });
  }

  async signIn(): Promise<void> {
    for (const fan of this.fans) await this.tokenOf(fan);
  }

  async join(): Promise<void> {
    await eachOf(this.fans, 2 * CONNECTIONS, async (fan) => {
      for (;;) {
        const { data } = await this.#ask(fan, joinMutation, { input: { eventId: this.#globalEventId } });
        const { place, code } = data?.joinWaitingRoom ?? {};
        if (place) return this.take(fan, place);
        if (code !== 'RATE_LIMITED' && code !== 'TRY_AGAIN') throw new Error(`Not joined: ${JSON.stringify(data)}`);
        this.counts.failed += 1;
        await sleep(500 + 1000 * fan.random.next());
      }
    });
  }

  /** Resolves when all fans have a place. */
  async watch(): Promise<void> {
    await eachOf(this.fans, OPEN_AT_ONCE, async (fan) => {
      const socket = new FanSocket(this, fan, this.#options.ports);
      this.#sockets.set(fan, socket);
      await socket.open({ query: placeChangedQuery, variables: { eventId: this.#globalEventId } });
    });
  }

  /** Each fan polls once in `everyMs`, evenly spread, until `close`. */
  poll(everyMs: number): void {
    const { fans } = this;
    const beganAt = performance.now();
    let next = 0;
    const caller = async () => {
      while (!this.#isClosed) {
        const turn = next++;
        const fan = fans[turn % fans.length];
        await sleep(Math.max(0, beganAt + (turn * everyMs) / fans.length - performance.now()));
        if (!fan || fan.state === 'LEFT' || fan.state === 'MISSED') continue;
        const { data } = await this.#ask(fan, placeQuery, { eventId: this.#globalEventId });
        this.counts.frames += 1;
        if (data?.waitingRoomPlace) this.take(fan, data.waitingRoomPlace);
      }
    };
    for (let index = 0; index < CONNECTIONS; index++) caller().catch((error) => this.#note(String(error)));
  }

  /** The last place that a fan received. */
  take(fan: RoomFan, place: ToldPlace, isFirst = false): void {
    const atMs = Date.now();
    this.arrivals.add(fan, place, { atMs, isFirst });
    const wrong = fan.take(place, atMs);
    if (wrong) this.#note(wrong);
    if (place.state === 'YOUR_TURN') this.#act(fan);
  }

  /** Fans whose turn has already come also go in. */
  begin(): void {
    this.isActing = true;
    for (const fan of this.fans) if (fan.state === 'YOUR_TURN') this.#act(fan);
  }

  async tokenOf(fan: RoomFan): Promise<string> {
    const known = this.#issued.get(fan);
    if (known && Date.now() - known.atMs < TOKEN_GOOD_MS) return known.token;
    const { userId, signInId: sessionId } = fan;
    const { token } = await this.#tokens.issue({ userId, role: 'FAN', sessionId });
    this.#issued.set(fan, { token, atMs: Date.now() });
    return token;
  }

  /** Fans who should listen and do not. */
  get away(): number {
    return [...this.#sockets.values()].filter((socket) => !socket.isListening && !socket.isOver).length;
  }

  problem(fan: RoomFan, what: string): void {
    this.#note(`fan ${fan.index}: ${what}`);
  }

  refused(why: string): void {
    const reason = why.split('\r', 1)[0] ?? '';
    this.refusals[reason] = (this.refusals[reason] ?? 0) + 1;
  }

  close(): void {
    this.isActing = false;
    this.#isClosed = true;
    for (const socket of this.#sockets.values()) socket.close();
    for (const pool of this.#pools) pool.close();
  }

  #note(what: string): void {
    if (this.problems.length < 1000 && !this.#isClosed) this.problems.push(what);
  }

  #act(fan: RoomFan): void {
    if (!this.isActing || fan.isActing || fan.random.next() > this.#options.showUp) {
      // A fan who stays away once stays away.
      if (this.isActing) fan.isActing = true;
      return;
    }
    fan.isActing = true;
    this.#visit(fan).catch((error) => this.problem(fan, String(error)));
  }

  async #visit(fan: RoomFan): Promise<void> {
    const { arriveWithinMs, stayMs, silent } = this.#options;
    await sleep(fan.random.next() * arriveWithinMs);
    while (!(await this.#seesMap(fan))) {
      if (fan.state !== 'YOUR_TURN' || !this.isActing) return;
      this.counts.atDoor += 1;
      await sleep(1000 + 1000 * fan.random.next());
    }
    fan.enteredAtMs = Date.now();
    this.counts.entered += 1;
    if (fan.random.next() < silent) {
      this.counts.silent += 1;
      return;
    }
    const leaveAt = performance.now() + stayMs.least + fan.random.next() * (stayMs.most - stayMs.least);
    while (performance.now() + TOUCH_EVERY_MS < leaveAt) {
      await sleep(TOUCH_EVERY_MS);
      if (!this.isActing) return;
      this.counts.touched += 1;
      if (!(await this.#seesMap(fan)) && !(await this.#seesMapAfterAsking(fan)))
        this.problem(fan, `was inside and got no map, in state ${fan.state}`);
    }
    await sleep(Math.max(0, leaveAt - performance.now()));
    if (!this.isActing) return;
    const { data } = await this.#ask(fan, leaveMutation, { input: { eventId: this.#globalEventId } });
    if (!data?.leaveWaitingRoom?.place) this.problem(fan, `did not leave: ${JSON.stringify(data)}`);
    fan.hasLeft = true;
    this.counts.left += 1;
  }

  async #seesMap(fan: RoomFan): Promise<boolean> {
    const { data, errors } = await this.#ask(fan, seatMapQuery, { eventId: this.#globalEventId });
    if (data?.seatMap) return true;
    const code = errors?.[0]?.extensions?.code;
    if (code !== 'ADMISSION_REQUIRED') this.problem(fan, `the map was refused: ${JSON.stringify(errors)}`);
    return false;
  }

  /** An admission of the turn ends with it, and the fan may not have received the next one yet. */
  async #seesMapAfterAsking(fan: RoomFan): Promise<boolean> {
    this.counts.renewed += 1;
    const { data } = await this.#ask(fan, placeQuery, { eventId: this.#globalEventId });
    if (data?.waitingRoomPlace) this.take(fan, data.waitingRoomPlace, true);
    return await this.#seesMap(fan);
  }

  /** Tries the other api process when one does not answer. Throws when neither has answered for a minute. */
  async #ask(fan: RoomFan, query: string, variables: object): Promise<Answer> {
    const token = await this.tokenOf(fan);
    const headers = [
      ...(fan.ticket ? [`Frontrow-Place: ${fan.ticket}`] : []),
      ...(fan.admission ? [`Frontrow-Admission: ${fan.admission}`] : []),
    ];
    const request = postJson('/graphql', JSON.stringify({ query, variables }), token, headers);
    for (let attempt = 0; ; attempt++) {
      try {
        const pool = this.#pools[(fan.index + attempt) % this.#pools.length];
        if (!pool) throw new Error('There is no api process.');
        const { start } = await pool.send(request);
        const answer = JSON.parse(start) as Answer;
        if (!isAway(answer)) return answer;
        if (attempt > 60) throw new Error(`Not answered: ${start}`);
      } catch (error) {
        if (attempt > 60 || this.#isClosed) throw error;
      }
      this.counts.failed += 1;
      await sleep(500 + 1000 * fan.random.next());
    }
  }
}

type Answer = {
  readonly data?: {
    readonly joinWaitingRoom?: { readonly place?: ToldPlace; readonly code?: string };
    readonly leaveWaitingRoom?: { readonly place?: ToldPlace };
    readonly waitingRoomPlace?: ToldPlace | null;
    readonly seatMap?: object | null;
  } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
};

/** Refusals after which the same request is worth repeating. */
function isAway({ errors }: Answer): boolean {
  const code = errors?.[0]?.extensions?.code;
  return code === 'TRY_AGAIN' || code === 'RATE_LIMITED' || code === 'UNAVAILABLE';
}
