import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketClient } from '#test/fans/lean-socket.ts';
import type { RoomFan, ToldPlace } from './room-fan.ts';

const NEXT = Buffer.from('"type":"next"');
const ACK = Buffer.from('"connection_ack"');
const PING = Buffer.from('"type":"ping"');
const COMPLETE = Buffer.from('"type":"complete"');
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
  #request: object = {};
  #onAck: (() => void) | undefined;
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
  async open(request: object): Promise<void> {
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
        await sleep(patience * (0.5 + Math.random()));
      }
    }
  }

  async #connectOnce(): Promise<void> {
    const block = Math.floor(this.#fan.index / SOCKETS_PER_ADDRESS);
    const from = `127.0.${1 + Math.floor(block / ADDRESSES_PER_BLOCK)}.${1 + (block % ADDRESSES_PER_BLOCK)}`;
    const port = this.#ports[(this.#fan.index + this.#turns) % this.#ports.length] ?? 0;
    const cut = Promise.withResolvers<never>();
    cut.promise.catch(() => undefined);
    const client = new WebSocketClient(
      { port, from },
      (payload) => this.#receive(payload),
      (why) => {
        cut.reject(why);
        if (this.isListening) this.#onCut();
      },
    );
    this.#client = client;
    const acknowledged = new Promise<void>((resolve) => {
      this.#onAck = resolve;
    });
    await client.open('/graphql', 'graphql-transport-ws');
    const token = await this.#crowd.tokenOf(this.#fan);
    const { ticket: place, admission } = this.#fan;
    const payload = { authorization: `Bearer ${token}`, place, ...(admission && { admission }) };
    client.send(JSON.stringify({ type: 'connection_init', payload }));
    await Promise.race([acknowledged, cut.promise]);
    client.send(JSON.stringify({ id: '1', type: 'subscribe', payload: this.#request }));
    this.isListening = true;
    this.#isFirst = true;
  }

  #onCut(): void {
    this.isListening = false;
    if (this.#isClosed || this.isOver) return;
    this.#crowd.counts.cuts += 1;
    this.#turns += 1;
    // A page that lost its connection does not reconnect at the same moment as all the others.
    void sleep(3000 * Math.random()).then(() => this.#connect());
  }

  #receive(payload: Buffer): void {
    if (payload.indexOf(NEXT) >= 0) this.#next(payload);
    else if (payload.indexOf(ACK) >= 0) this.#onAck?.();
    else if (payload.indexOf(COMPLETE) >= 0) this.#onComplete();
    else if (payload.indexOf(PING) < 0) this.#crowd.problem(this.#fan, payload.toString());
  }

  #next(message: Buffer): void {
    this.#crowd.counts.frames += 1;
    this.#crowd.counts.bytes += message.length;
    const { payload } = JSON.parse(message.toString()) as {
      payload: { data?: { waitingRoomChanged: ToldPlace } | null };
    };
    const place = payload.data?.waitingRoomChanged;
    if (!place) {
      this.#crowd.problem(this.#fan, message.toString());
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
