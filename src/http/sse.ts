import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import { RateLimited } from '#domain/errors.ts';
import { type Call, type Caller, callerIdOf, transportOf } from '#graphql/call.ts';
import { reportError } from '#graphql/errors.ts';
import { securityHeaders } from './answer.ts';
import { Counter } from './counter.ts';
import { EndableEvents, type Events } from './endable-events.ts';
import type { Exchange } from './exchange.ts';
import type { HttpPlugin } from './http-plugin.ts';

export type EventStreamLimits = {
  readonly streams: number;
  readonly streamsPerAddress: number;
  /** A stream is one subscription: as many as one socket has. */
  readonly streamsPerViewer: number;
  /** How long a client may take nothing of what is waiting for it. */
  readonly stallSeconds: number;
};

/** A stream costs an execution for each event, a socket does not. */
const defaultLimits: EventStreamLimits = {
  streams: 2_000,
  streamsPerAddress: 100,
  streamsPerViewer: 10,
  stallSeconds: 30,
};
const BUSY_RETRY_SECONDS = 5;
const CHECK_EVERY_MS = 1_000;

/**
 * Event streams: GraphQL over SSE, distinct connections. A stream ends when its subscription, the access token or its
 * session ends, or when the client leaves. The last event says why it ended. A client that reads slowly gets several
 * changes in one event; a client that stops reading is disconnected.
 */
export type EventStreams = {
  /** Opens a stream for each operation whose results are sent as events. */
  readonly plugin: HttpPlugin;
  /** True for an operation that is refused because too many streams are open. */
  isTurnedAway(call: Call): boolean;
  /** Sends the events of `call`, framed by Yoga, as the client takes them. */
  send(exchange: Exchange, call: Call, body: ReadableStream): Promise<void>;
  count(): number;
  /** Ends every stream. Clients reconnect, to another process. */
  close(): void;
};

type Needs = { readonly endedSessions: Pick<EndedSessions, 'has' | 'onEnded'> };

export function openEventStreams({ endedSessions }: Needs, limits: Partial<EventStreamLimits> = {}): EventStreams {
  const { stallSeconds, ...counted } = { ...defaultLimits, ...limits };
  const open = new Set<Stream>();
  const byCall = new WeakMap<Call, Stream>();
  const turnedAway = new WeakSet<Call>();
  const places = new Places(counted);
  const endEnded = () => {
    for (const stream of open)
      if (endedSessions.has(stream.sessionId)) stream.refuse('The session has ended. Sign in again.');
  };
  const stopListening = endedSessions.onEnded(endEnded);
  const timer = setInterval(() => {
    const now = performance.now();
    for (const stream of open) if (stream.stalledMs(now) > stallSeconds * 1000) stream.giveUp();
    endEnded();
  }, CHECK_EVERY_MS).unref();

  return {
    plugin: {
      onContextBuilding({ context: { call, exchange } }) {
        if (!exchange || transportOf(call) !== 'sse') return;
        const leave = places.enter(call.caller);
        if (!leave) {
          turnedAway.add(call);
          throw new RateLimited(BUSY_RETRY_SECONDS, 'Too many event streams are open. Try again soon.');
        }
        const stream = new Stream(exchange.response, call.caller);
        open.add(stream);
        byCall.set(call, stream);
        onceClosed(exchange.response, () => {
          stream.end();
          open.delete(stream);
          leave();
        });
      },
      onExecutionResult({ context: { call }, result, setResult }) {
        const stream = byCall.get(call);
        // Its errors are masked and formatted already; the type of an ExecutionResult does not know that.
        if (stream && isAsyncIterable(result))
          setResult(stream.endable(result as Events) as AsyncIterable<ExecutionResult>);
      },
    },
    isTurnedAway: (call) => turnedAway.has(call),
    async send({ response, headers }, call, body) {
      // A refusal has status 200 as well: clients take another status for a reason to reconnect.
      response.writeHead(200, {
        ...securityHeaders,
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache',
        'x-accel-buffering': 'no',
      });
      const ending = byCall.get(call)?.ending;
      try {
        await pipeline(Readable.fromWeb(body as never), response, { ...(ending && { signal: ending }) });
      } catch (error) {
        // The stream was ended on purpose; the pipeline has closed both sides.
        if (!ending?.aborted) throw error;
      }
    },
    count: () => open.size,
    close() {
      clearInterval(timer);
      stopListening();
      for (const stream of open) stream.end();
    },
  };
}

function onceClosed(response: ServerResponse, work: () => void): void {
  if (response.closed) work();
  else response.once('close', work);
}

/** How many streams each viewer and address has open. */
class Places {
  readonly #limits: Omit<EventStreamLimits, 'stallSeconds'>;
  readonly #byAddress = new Counter();
  readonly #byViewer = new Counter();
  #taken = 0;

  constructor(limits: Omit<EventStreamLimits, 'stallSeconds'>) {
    this.#limits = limits;
  }

  /** Returns a function that gives the place back, or undefined when the caller has too many streams. */
  enter({ address, ...caller }: Caller): (() => void) | undefined {
    const { streams, streamsPerAddress, streamsPerViewer } = this.#limits;
    const callerId = callerIdOf(caller);
    if (this.#taken >= streams || !this.#byAddress.add(address, streamsPerAddress)) return undefined;
    if (callerId !== undefined && !this.#byViewer.add(callerId, streamsPerViewer)) {
      this.#byAddress.remove(address);
      return undefined;
    }
    this.#taken++;
    return () => {
      this.#taken--;
      this.#byAddress.remove(address);
      if (callerId !== undefined) this.#byViewer.remove(callerId);
    };
  }
}

const TOKEN_ENDED = 'The access token has expired. Refresh the session, then subscribe again.';

/** One client's stream, and since when the client has taken nothing of it. */
class Stream {
  readonly #response: ServerResponse;
  readonly #ending = new AbortController();
  readonly #tokenTimer: NodeJS.Timeout | undefined;
  /** Of its viewer; empty for a caller without one. */
  readonly sessionId: string;
  readonly #requestId: string;
  #events: EndableEvents | undefined;
  #last: FormattedExecutionResult | undefined;
  /** Bytes that the kernel has taken for it. */
  #taken = -1;
  #progressAt = performance.now();

  constructor(response: ServerResponse, { viewer, requestId }: Caller) {
    this.sessionId = viewer?.sessionId ?? '';
    this.#requestId = requestId;
    this.#response = response;
    if (viewer)
      this.#tokenTimer = setTimeout(() => this.refuse(TOKEN_ENDED), viewer.tokenExpiresAt.getTime() - Date.now());
  }

  /** Aborted when the stream ends. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  stalledMs(now: number): number {
    const { socket } = this.#response;
    const taken = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    if (this.#response.writableLength === 0 || taken !== this.#taken) {
      this.#taken = taken;
      this.#progressAt = now;
    }
    return now - this.#progressAt;
  }

  /** The events, until `endWith`. */
  endable(events: Events): Events {
    this.#events = new EndableEvents(events);
    if (this.#last) this.#events.endWith(this.#last);
    return this.#events;
  }

  /** The viewer is no longer signed in. The client gets this error, then `complete`. */
  refuse(message: string): void {
    const error = new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED' } });
    this.#last ??= { errors: [reportError(error, this.#requestId).error] };
    this.#events?.endWith(this.#last);
  }

  /** Ends it without an event: clients take that for a lost connection and reconnect. */
  end(): void {
    clearTimeout(this.#tokenTimer);
    this.#ending.abort();
  }

  /** The client does not read, so bytes in flight are discarded. */
  giveUp(): void {
    this.end();
    this.#response.socket?.resetAndDestroy();
  }
}
