import { setTimeout as sleep } from 'node:timers/promises';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';
import type { Operation } from '#test/fans/graphql-http.ts';
import { converse, type Message } from '#test/fans/graphql-socket.ts';
import { WebSocketClient } from '#test/fans/lean-socket.ts';
import type { RoomFan, ToldPlace } from './room-fan.ts';

/** The product allows 200 per address. */
const SOCKETS_PER_ADDRESS = 100;
const ADDRESSES_PER_BLOCK = 200;

/** Those whose fan it is, as far as a socket knows them. */
type Crowd = {
  readonly counts: { frames: number; bytes: number; cuts: number };
  tokenOf(fan: RoomFan): Promise<string>;
  refused(reason: string): void;
  problem(fan: RoomFan, text: string): void;
  take(fan: RoomFan, place: ToldPlace, isFirst?: boolean): void;
};

/** One fan's connection over WebSocket (graphql-transport-ws), which reconnects when it is cut. */
export class FanSocket {
  readonly #crowd: Crowd;
  readonly #fan: RoomFan;
  readonly #ports: readonly number[];
  #client: WebSocketClient | undefined;
  #request: Operation = { query: '' };
  #onFirst: (() => void) | undefined;
  #isClosed = false;
  #isFirst = true;
  #turns = 0;
  isListening = false;
  /** The subscription has completed. */
  isOver = false;

  constructor(crowd: Crowd, fan: RoomFan, ports: readonly number[]) {
    this.#crowd = crowd;
    this.#fan = fan;
    this.#ports = ports;
  }

  /** Resolves when the fan has received a place. */
  async open(request: Operation): Promise<void> {
    this.#request = request;
    const first = new Promise<void>((resolve) => {
      this.#onFirst = resolve;
    });
    await this.#connect();
    await first;
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.close();
  }

  async #connect(): Promise<void> {
    for (let patience = 500; !this.#isClosed; patience = Math.min(4000, 2 * patience)) {
      try {
        await this.#connectOnce();
        return;
      } catch (error) {
        this.#client?.close();
        this.#crowd.refused(String(error));
        // The next connection goes to another process, at an unknown time.
        this.#turns += 1;
        await sleep(patience * (0.5 + this.#fan.random.next()));
      }
    }
  }

  async #connectOnce(): Promise<void> {
    const block = Math.floor(this.#fan.index / SOCKETS_PER_ADDRESS);
    const from = `127.0.${1 + Math.floor(block / ADDRESSES_PER_BLOCK)}.${1 + (block % ADDRESSES_PER_BLOCK)}`;
    const port = this.#ports[(this.#fan.index + this.#turns) % this.#ports.length] ?? 0;
    const cut = Promise.withResolvers<never>();
    cut.promise.catch(() => undefined);
    const token = await this.#crowd.tokenOf(this.#fan);
    const { ticket: place, admission } = this.#fan;
    const subscribed = Promise.withResolvers<void>();
    const { open, hear } = converse((text) => client.send(text), {
      init: { authorization: `Bearer ${token}`, place, ...(admission && { admission }) },
      operations: () => [this.#request],
      onSubscribed: () => {
        this.isListening = true;
        this.#isFirst = true;
        subscribed.resolve();
      },
      onMessage: (message) => this.#receive(message),
    });
    const client = new WebSocketClient(
      { port, from },
      (payload) => {
        this.#crowd.counts.bytes += payload.length;
        hear(payload.toString());
      },
      (why) => {
        cut.reject(why);
        if (this.isListening) this.#onCut();
      },
    );
    this.#client = client;
    await client.open('/graphql', SUBPROTOCOL);
    open();
    await Promise.race([subscribed.promise, cut.promise]);
  }

  #onCut(): void {
    this.isListening = false;
    if (this.#isClosed || this.isOver) return;
    this.#crowd.counts.cuts += 1;
    this.#turns += 1;
    // A page that lost its connection does not reconnect at the same moment as all the others.
    void sleep(3000 * this.#fan.random.next()).then(() => this.#connect());
  }

  #receive(message: Message): void {
    if (message.type === 'next') this.#next(message);
    else if (message.type === 'complete') this.#onComplete();
    else this.#crowd.problem(this.#fan, JSON.stringify(message));
  }

  #next(message: Message): void {
    this.#crowd.counts.frames += 1;
    const place: ToldPlace | undefined = message.payload.data?.waitingRoomChanged;
    if (!place) {
      this.#crowd.problem(this.#fan, JSON.stringify(message));
      return;
    }
    this.#crowd.take(this.#fan, place, this.#isFirst);
    this.#isFirst = false;
    this.#onFirst?.();
  }

  #onComplete(): void {
    const { state } = this.#fan;
    if (state === 'LEFT' || state === 'MISSED') this.isOver = true;
    else this.#crowd.problem(this.#fan, `completed while ${state}`);
  }
}
