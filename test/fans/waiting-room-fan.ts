import { randomUUID } from 'node:crypto';
import type { Client } from 'graphql-ws';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { PlaceState } from '#domain/waiting-room/room.ts';
import { withDeadline } from '#shared/deadline.ts';
import { createBookingMutation, type Fan } from './fan.ts';
import { type GraphqlAnswer, type Json, post } from './graphql-http.ts';
import { openSocket } from './graphql-socket.ts';

/** A place as its fan receives it. */
export type PlaceFrame = {
  readonly state: PlaceState;
  readonly position: number | null;
  readonly ahead: number | null;
  readonly estimate: { readonly p50Seconds: number; readonly p90Seconds: number } | null;
  readonly admission: { readonly token: string; readonly expiresAt: string } | null;
  readonly ticket: string;
};

export const placeFields =
  'state position ahead estimate { p50Seconds p90Seconds } admission { token expiresAt } ticket';
export const placeQuery = `query ($eventId: ID!) { waitingRoomPlace(eventId: $eventId) { ${placeFields} } }`;
export const placeChangedQuery = `subscription ($eventId: ID!) { waitingRoomChanged(eventId: $eventId) { ${placeFields} } }`;
export const joinMutation = `mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) { __typename
  ... on JoinWaitingRoomSuccess { place { ${placeFields} } }
  ... on EventNotOnSale { opensAt }
  ... on Refusal { code message retry { advice afterSeconds } } } }`;
export const leaveMutation = `mutation ($input: WaitingRoomInput!) { leaveWaitingRoom(input: $input) { __typename
  ... on LeaveWaitingRoomSuccess { place { ${placeFields} } } ... on Refusal { code message } } }`;
export const seatMapQuery =
  'query ($eventId: ID!) { seatMap(eventId: $eventId) { version statuses layout { seatCount } } }';

type Request = { readonly query: string; readonly variables: Record<string, unknown> };

export type WaitingRoomFanOptions = {
  readonly apiUrl: string;
  readonly fan: Fan;
  /** Raw. */
  readonly eventId: string;
  /** The network address of the fan's sockets, so that more sockets than one address may have can be open. */
  readonly address?: string;
  /** The address that a trusted proxy reports for the fan's requests. */
  readonly forwardedFor?: string;
};

export class Refused extends Error {
  readonly errors: readonly Json[];

  constructor(errors: readonly Json[]) {
    super(JSON.stringify(errors));
    this.errors = errors;
  }
}

/**
 * A fan in a waiting room, like a client: joins once, listens, keeps the ticket and the latest admission and sends
 * them back. It never requests what is pushed.
 */
export class WaitingRoomFan {
  readonly fan: Fan;
  readonly userId: string;
  /** The id as GraphQL shows it. */
  readonly eventId: string;
  /** All pushed places, in order. */
  readonly frames: PlaceFrame[] = [];
  ticket: string | undefined;
  /** The latest token, whether it still admits or not. */
  admission: string | undefined;
  /** The end of the subscription, if it has ended. */
  ended: unknown;
  readonly #apiUrl: string;
  readonly #address: string | undefined;
  readonly #forwardedFor: string | undefined;
  readonly #sockets: Client[] = [];
  #look = Promise.withResolvers<void>();

  constructor({ apiUrl, fan, eventId, address, forwardedFor }: WaitingRoomFanOptions) {
    this.fan = fan;
    this.userId = fan.userId.replace('User_', '');
    this.eventId = encodeGlobalId('Event', eventId);
    this.#apiUrl = apiUrl;
    this.#address = address;
    this.#forwardedFor = forwardedFor;
  }

  get last(): PlaceFrame | undefined {
    return this.frames.at(-1);
  }

  /** The pushed states, each as often as it was entered. */
  get states(): PlaceState[] {
    return this.frames.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);
  }

  get headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.fan.token}`,
      ...(this.ticket && { 'frontrow-place': this.ticket }),
      ...(this.admission && { 'frontrow-admission': this.admission }),
      ...(this.#forwardedFor && { 'x-forwarded-for': this.#forwardedFor }),
    };
  }

  answer(query: string, variables: object): Promise<GraphqlAnswer> {
    return post(this.#apiUrl, { query, variables }, this.headers);
  }

  /** Throws Refused on any top-level error. */
  async ask(query: string, variables: object): Promise<Json> {
    const { data, errors } = await this.answer(query, variables);
    if (errors) throw new Refused(errors);
    return data;
  }

  /** The place, or the refusal. */
  async join(): Promise<Json> {
    const { joinWaitingRoom } = await this.ask(joinMutation, { input: { eventId: this.eventId } });
    if (joinWaitingRoom.place) this.#keep(joinWaitingRoom.place);
    return joinWaitingRoom.place ?? joinWaitingRoom;
  }

  async leave(): Promise<Json> {
    const { leaveWaitingRoom } = await this.ask(leaveMutation, { input: { eventId: this.eventId } });
    return leaveWaitingRoom.place ?? leaveWaitingRoom;
  }

  /** Requests the place, like a page that was opened again, and unlike a listener. */
  async askForPlace(): Promise<PlaceFrame | null> {
    const { waitingRoomPlace } = await this.ask(placeQuery, { eventId: this.eventId });
    if (waitingRoomPlace) this.#keep(waitingRoomPlace);
    return waitingRoomPlace;
  }

  /** Listens from now on; resolves with the first frame. */
  watch(): Promise<PlaceFrame> {
    const heard = this.frames.length;
    this.ended = undefined;
    const take = ({ waitingRoomChanged }: Json) => {
      this.#keep(waitingRoomChanged);
      this.frames.push(waitingRoomChanged);
    };
    const request = { query: placeChangedQuery, variables: { eventId: this.eventId } };
    this.subscribe(this.openSocket(), request, take, (why) => {
      this.ended ??= why;
    });
    return this.#frameWhere((_frame, index) => index >= heard);
  }

  /** Resolves with the next or the last frame that is in one of these states. */
  when(...states: PlaceState[]): Promise<PlaceFrame> {
    const from = this.frames.length - 1;
    return this.#frameWhere(({ state }, index) => index >= from && states.includes(state));
  }

  /**
   * Tries to go in until it is let in. A fan who finds the room full waits at the door, until the next push or for
   * the time of the refusal. Undefined when the turn is over.
   */
  async throughTheDoor<T>(goIn: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      const heard = this.frames.length;
      try {
        return await goIn();
      } catch (error) {
        const [{ extensions } = { extensions: undefined }] = error instanceof Refused ? error.errors : [];
        if (extensions?.code !== 'ADMISSION_REQUIRED') throw error;
        const comeBack = new Promise((wait) => setTimeout(wait, (extensions.retryAfterSeconds ?? 1) * 1000));
        await Promise.race([this.#frameWhere((_frame, index) => index >= heard), comeBack]);
        if (this.last?.state !== 'YOUR_TURN' && this.last?.state !== 'INSIDE') return undefined;
      }
    }
  }

  async seatMap(): Promise<{ version: number; statuses: string; layout: { seatCount: number } }> {
    return (await this.ask(seatMapQuery, { eventId: this.eventId })).seatMap;
  }

  /** @param seatIds raw */
  async book(seatIds: readonly string[], idempotencyKey: string = randomUUID()): Promise<Json> {
    const ids = seatIds.map((id) => encodeGlobalId('Seat', id));
    const input = { eventId: this.eventId, seatIds: ids, idempotencyKey };
    return (await this.ask(createBookingMutation, { input })).createBooking;
  }

  /** A socket with the present admission and ticket; later ones are sent by the next socket. */
  openSocket(): Client {
    const { authorization } = this.headers;
    const params = { authorization, admission: this.admission, place: this.ticket };
    const socket = openSocket(this.#apiUrl, params, this.#address);
    this.#sockets.push(socket);
    return socket;
  }

  /** @param onEnd gets the errors, or 'complete' */
  subscribe(socket: Client, request: Request, take: (data: Json) => void, onEnd: (why: unknown) => void): void {
    const end = (why: unknown) => {
      onEnd(why);
      this.#wake();
    };
    socket.subscribe<Json>(request, {
      next: ({ data, errors }) => {
        if (errors) return end(errors);
        take(data);
        this.#wake();
      },
      error: end,
      complete: () => end('complete'),
    });
  }

  /** Resolves when the condition holds; it is checked at each push to this fan. */
  async until<T>(look: () => T | undefined, what: string, withinMs = 45_000): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`Not received: ${what}; ${this.states}`);
      await withDeadline(this.#look.promise, leftMs, () => undefined);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.dispose()));
  }

  #frameWhere(fits: (frame: PlaceFrame, index: number) => boolean): Promise<PlaceFrame> {
    return this.until(() => {
      const found = this.frames.find(fits);
      if (!found && this.ended) throw new Error(`The pushes ended: ${this.states}; ${JSON.stringify(this.ended)}`);
      return found;
    }, 'a place');
  }

  #keep(place: PlaceFrame): void {
    this.ticket = place.ticket;
    this.admission = place.admission?.token ?? this.admission;
  }

  #wake(): void {
    this.#look.resolve();
    this.#look = Promise.withResolvers();
  }
}
