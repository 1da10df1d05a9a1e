import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { callerIdOf } from '#graphql/call.ts';
import { credentialsOfParams } from '../credentials.ts';
import type { Groups } from './groups.ts';
import { ACK, type ClientMessage, closeCodes, INVALID, PONG, parseMessage, type SubscribePayload } from './messages.ts';
import type { Operations } from './operations.ts';
import type { Handshake, WebSocketLimits, WebSocketOptions } from './options.ts';
import { type SocketCaller, SocketOperations } from './socket-operations.ts';
import type { Outlet } from './subscription.ts';

export type Server = {
  readonly options: WebSocketOptions;
  readonly limits: WebSocketLimits;
  readonly groups: Groups;
  readonly operations: Operations;
  /** False when this viewer has too many sockets already. */
  enter(userId: string): boolean;
  leave(userId: string): void;
  /** How many sockets this server ended, by why. */
  readonly ends: { stalled: number; silent: number };
};

/** A close frame that a stalled client does not read cannot be waited for. */
const CLOSE_PATIENCE_MS = 1_000;
const MOST_BETWEEN_CHECKS_MS = 1_250;

/** One socket: the protocol, its limits, and what is on its way to the client. Timers are the server's, one for all. */
export class Connection implements Outlet {
  readonly #server: Server;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #handshake: Handshake;
  /** How long `connection_init` has been due, and the time of the last look at it. */
  #initDueMs = 0;
  #checkedAt = performance.now();
  #params: Readonly<Record<string, unknown>> | undefined;
  #caller: SocketCaller | undefined;
  /** Whom `leave` has to be called for. */
  #counted: string | undefined;
  #operations: SocketOperations | undefined;
  #allowance: number;
  #allowanceAt = performance.now();
  #outstanding = 0;
  #progressAt = 0;
  #waiting: (() => void)[] = [];
  #pingedAt = performance.now();
  #answered = true;

  constructor(server: Server, { socket, stream }: { socket: WebSocket; stream: Duplex }, handshake: Handshake) {
    this.#server = server;
    this.#socket = socket;
    this.#stream = stream;
    this.#handshake = handshake;
    this.#allowance = server.limits.messagesPerSecond;
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('close', () => this.#onClose());
    // A broken frame or a message that is too long: ws closes the socket with the right code by itself.
    socket.on('error', () => undefined);
  }

  get subscriptions(): number {
    return this.#operations?.size ?? 0;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  send(message: string): void {
    if (this.#beginSend()) this.#socket.send(message, this.#onSent);
  }

  /** Past ws, which writes each of its frames whole and at once as well: without compression nothing can come between. */
  sendFrame(frame: Buffer): void {
    if (this.#beginSend()) this.#stream.write(frame, this.#onSent);
  }

  #beginSend(): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#outstanding++ === 0) this.#progressAt = performance.now();
    return true;
  }

  progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(code: number, reason: string): void {
    this.#stopAll();
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(code, shortReason(reason));
    setTimeout(() => this.#socket.terminate(), CLOSE_PATIENCE_MS).unref();
  }

  /** Everything that is due at `now` (of `performance.now()`): called a few times a second. */
  check(now: number): void {
    const { pingSeconds, stallSeconds } = this.#server.limits;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const expiresAt = expiryOf(this.#caller)?.getTime() ?? Number.POSITIVE_INFINITY;
    if (this.#isLate(now)) this.close(closeCodes.initialisationTimeout, 'Connection initialisation timeout');
    else if (Date.now() >= expiresAt) this.close(closeCodes.forbidden, expiredReason(this.#caller));
    else if (this.#hasEnded()) this.close(closeCodes.forbidden, 'The session has ended');
    else if (this.#outstanding > 0 && now - this.#progressAt > stallSeconds * 1000) this.#closeStalled();
    else if (now - this.#pingedAt > pingSeconds * 1000) this.#ping(now);
  }

  /** Whether `connection_init` did not come. A look counts for little more than the time between two looks, and between the
   * last two everything that had arrived was read. */
  #isLate(now: number): boolean {
    const wasLate = this.#initDueMs > this.#server.limits.initSeconds * 1000;
    this.#initDueMs += Math.min(now - this.#checkedAt, MOST_BETWEEN_CHECKS_MS);
    this.#checkedAt = now;
    return wasLate && !this.#params;
  }

  /** Its session ended a moment ago: the client hears of it now, and not at its next subscribe. */
  closeIfEnded(): void {
    if (this.#hasEnded()) this.close(closeCodes.forbidden, 'The session has ended');
  }

  #hasEnded(): boolean {
    const sessionId = this.#caller?.viewer?.sessionId;
    return sessionId !== undefined && this.#server.options.graphql.endedSessions.has(sessionId);
  }

  #closeStalled(): void {
    this.#server.ends.stalled++;
    this.close(closeCodes.tryAgainLater, 'Too slow');
  }

  #ping(now: number): void {
    if (!this.#answered) {
      this.#server.ends.silent++;
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    this.#pingedAt = now;
    this.#socket.ping();
  }

  readonly #onSent = (): void => {
    this.#outstanding--;
    this.#progressAt = performance.now();
    if (this.#waiting.length > 0) this.#releaseWaiting();
  };

  #releaseWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #onClose(): void {
    this.#stopAll();
    this.#releaseWaiting();
    if (this.#counted !== undefined) this.#server.leave(this.#counted);
    this.#counted = undefined;
  }

  #stopAll(): void {
    this.#operations?.stop();
    this.#operations = undefined;
  }

  /** An error here would be an uncaught one, which ends the process with all its sockets. */
  #onMessage(data: RawData, isBinary: boolean): void {
    try {
      this.#receive(data, isBinary);
    } catch (error) {
      this.#server.options.graphql.report(error);
      this.close(closeCodes.internalServerError, 'Internal server error');
    }
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!this.#isWithinRate()) {
      this.close(closeCodes.tooMany, 'Too many messages');
      return;
    }
    const message = isBinary ? INVALID : parseMessage(data.toString());
    if (typeof message === 'string') this.close(closeCodes.badRequest, message);
    else this.#handle(message);
  }

  #handle(message: ClientMessage): void {
    switch (message.type) {
      case 'connection_init':
        void this.#initialise(message.payload);
        return;
      case 'subscribe':
        this.#subscribe(message.id, message.payload);
        return;
      case 'complete':
        this.#operations?.complete(message.id);
        return;
      case 'ping':
        this.send(PONG);
        return;
      case 'pong':
        this.#answered = true;
    }
  }

  #isWithinRate(): boolean {
    const { messagesPerSecond } = this.#server.limits;
    const now = performance.now();
    const earned = ((now - this.#allowanceAt) / 1000) * messagesPerSecond;
    this.#allowance = Math.min(messagesPerSecond, this.#allowance + earned) - 1;
    this.#allowanceAt = now;
    return this.#allowance >= 0;
  }

  async #initialise(params: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#params) return this.close(closeCodes.tooMany, 'Too many initialisation requests');
    this.#params = params;
    const caller = await this.#authenticate();
    if (!caller || !(await this.#isWithinBudget(caller))) return;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const callerId = callerIdOf(caller);
    if (callerId !== undefined) {
      if (!this.#server.enter(callerId)) return this.close(closeCodes.tooMany, 'Too many sockets');
      this.#counted = callerId;
    }
    this.#caller = caller;
    this.send(ACK);
  }

  /** Undefined after closing the socket. */
  async #authenticate(): Promise<SocketCaller | undefined> {
    try {
      const { authorization, admission, place } = credentialsOfParams(this.#params ?? {});
      const { refusal, ...identity } = await this.#server.options.graphql.authenticate(authorization);
      if (!refusal) return { ...identity, admission, place, address: this.#handshake.address };
      if (refusal.extensions?.code === 'TEMPORARILY_UNAVAILABLE')
        this.close(closeCodes.tryAgainLater, 'Try again later');
      else this.close(closeCodes.forbidden, 'UNAUTHENTICATED: the access token has expired or is not valid here');
    } catch {
      this.close(closeCodes.tryAgainLater, 'Try again later');
    }
    return undefined;
  }

  async #isWithinBudget(caller: SocketCaller): Promise<boolean> {
    try {
      await this.#server.options.graphql.charge(caller);
      return true;
    } catch {
      this.close(closeCodes.tryAgainLater, 'Try again later');
      return false;
    }
  }

  #subscribe(id: string, payload: SubscribePayload): void {
    if (!this.#caller) {
      this.close(closeCodes.unauthorized, 'Unauthorized');
      return;
    }
    this.#operations ??= new SocketOperations(this.#server, this, {
      now: () => this.#recheck(),
      userId: () => this.#caller?.viewer?.userId,
    });
    if (!this.#operations.begin(id, payload))
      this.close(closeCodes.subscriberAlreadyExists, `Subscriber for ${id} already exists`);
  }

  /** A session or an access key may have ended since the socket was opened. A caller without a token needs no check. */
  async #recheck(): Promise<SocketCaller | undefined> {
    if (!this.#caller || callerIdOf(this.#caller) === undefined) return this.#caller;
    const caller = await this.#authenticate();
    if (caller && callerIdOf(caller) !== callerIdOf(this.#caller)) {
      this.close(closeCodes.forbidden, 'Forbidden');
      return undefined;
    }
    return caller;
  }
}

const expiryOf = (caller: SocketCaller | undefined): Date | undefined =>
  caller?.viewer?.tokenExpiresAt ?? caller?.accessKey?.expiresAt;

const expiredReason = (caller: SocketCaller | undefined): string =>
  `The access ${caller?.accessKey ? 'key' : 'token'} has expired`;

/** A close frame has 125 bytes, and two of them are the code. */
const REASON_BYTES = 123;

function shortReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= REASON_BYTES) return reason;
  const kept = bytes.subarray(0, REASON_BYTES - Buffer.byteLength('…')).toString();
  // A character that was cut in half has become U+FFFD.
  return `${kept.replace(/\uFFFD$/, '')}…`;
}
