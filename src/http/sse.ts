import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ExecutionResult, type FormattedExecutionResult, GraphQLError } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { RateLimited } from '#domain/errors.ts';
import { answerJson, securityHeaders } from './answer.ts';
import type { Caller } from './context.ts';
import { Counter } from './counter.ts';
import { EndableEvents, type Events } from './endable-events.ts';
import { reportError } from './errors.ts';
import type { Gate } from './gate.ts';
import type { GraphqlParams } from './graphql-params.ts';

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
const EVERYTHING = { transport: 'sse', wanted: 'query, mutation or subscription' } as const;
const BUSY_RETRY_SECONDS = 5;
const CHECK_EVERY_MS = 1_000;

export type EventStreams = {
  /**
   * Sends server-sent events until the subscription, the access token or its session ends, or the client leaves. The last
   * event says why it ended. A client that reads slowly gets several changes in one event; a client that stops reading is
   * disconnected.
   */
  answer(response: ServerResponse, asked: Asked): Promise<void>;
  count(): number;
  /** Ends every stream. Clients reconnect, to another process. */
  close(): void;
};

type ServerContext = { asked: Asked; stream: Stream };
type Asked = { params: GraphqlParams; caller: Caller; headers: Record<string, string> };

export function openEventStreams(gate: Gate, limits: Partial<EventStreamLimits> = {}): EventStreams {
  const { stallSeconds, ...counted } = { ...defaultLimits, ...limits };
  const yoga = openYoga(gate);
  const open = new Set<Stream>();
  const places = new Places(counted);
  const endEnded = () => {
    for (const stream of open)
      if (gate.endedSessions.has(stream.sessionId)) stream.refuse('The session has ended. Sign in again.');
  };
  const stopListening = gate.endedSessions.onEnded(endEnded);
  const timer = setInterval(() => {
    const now = performance.now();
    for (const stream of open) if (stream.stalledMs(now) > stallSeconds * 1000) stream.giveUp();
    endEnded();
  }, CHECK_EVERY_MS).unref();

  return {
    async answer(response, asked) {
      const leave = places.enter(asked.caller);
      if (!leave) {
        const tooMany = new RateLimited(BUSY_RETRY_SECONDS, 'Too many event streams are open. Try again soon.');
        const { error } = reportError(tooMany, asked.caller.requestId);
        return answerJson(response, 503, { errors: [error] }, { ...asked.headers, 'retry-after': BUSY_RETRY_SECONDS });
      }
      const ending = new AbortController();
      const stream = new Stream(response, ending, asked.caller);
      open.add(stream);
      response.once('close', () => ending.abort());
      const endsAt = asked.caller.viewer?.tokenExpiresAt.getTime();
      const timer = endsAt && setTimeout(() => stream.refuse(TOKEN_ENDED), endsAt - Date.now());
      try {
        const answer = await yoga.fetch(
          'http://frontrow/graphql',
          {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
            body: JSON.stringify({ query: '{ __typename }' }),
          },
          { asked, stream },
        );
        // A refusal has status 200 as well: clients take another status for a reason to reconnect.
        response.writeHead(200, {
          ...securityHeaders,
          ...asked.headers,
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
          'x-accel-buffering': 'no',
        });
        if (answer.body) await pipeline(Readable.fromWeb(answer.body as never), response, { signal: ending.signal });
      } catch (error) {
        // The stream was ended on purpose; the pipeline has closed both sides.
        if (!ending.signal.aborted) throw error;
      } finally {
        clearTimeout(timer);
        open.delete(stream);
        leave();
        response.end();
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
  enter({ address, viewer }: Caller): (() => void) | undefined {
    const { streams, streamsPerAddress, streamsPerViewer } = this.#limits;
    if (this.#taken >= streams || !this.#byAddress.add(address, streamsPerAddress)) return undefined;
    if (viewer && !this.#byViewer.add(viewer.userId, streamsPerViewer)) {
      this.#byAddress.remove(address);
      return undefined;
    }
    this.#taken++;
    return () => {
      this.#taken--;
      this.#byAddress.remove(address);
      if (viewer) this.#byViewer.remove(viewer.userId);
    };
  }
}

/**
 * Yoga frames the events (GraphQL over SSE, distinct connections) and keeps the connection alive. The gate executes. Yoga
 * reads the next event when the client has taken the last one.
 */
function openYoga(gate: Gate) {
  const fromGate: Plugin<object, ServerContext> = {
    onParams: ({ setParamsHandler, context: { asked, stream } }) =>
      setParamsHandler(async () => {
        const events = await gate.follow(asked.params, asked.caller, EVERYTHING);
        // Its errors are masked and formatted already; the type of an ExecutionResult does not know that.
        return (Symbol.asyncIterator in events ? stream.endable(events) : events) as ExecutionResult;
      }),
  };
  return createYoga<ServerContext>({
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    maskedErrors: false,
    logging: false,
    // Node's own, which its streams can be made of.
    fetchAPI: { Request, Response, Headers, ReadableStream, TextEncoder, URL, URLPattern, fetch },
    plugins: [fromGate],
  });
}

const TOKEN_ENDED = 'The access token has expired. Refresh the session, then subscribe again.';

/** One client's stream, and since when the client has taken nothing of it. */
class Stream {
  readonly #response: ServerResponse;
  readonly #ending: AbortController;
  /** Of its viewer; empty for a caller without one. */
  readonly sessionId: string;
  readonly #requestId: string;
  #events: EndableEvents | undefined;
  #last: FormattedExecutionResult | undefined;
  /** Bytes that the kernel has taken for it. */
  #taken = -1;
  #progressAt = performance.now();

  constructor(response: ServerResponse, ending: AbortController, { viewer, requestId }: Caller) {
    this.sessionId = viewer?.sessionId ?? '';
    this.#requestId = requestId;
    this.#response = response;
    this.#ending = ending;
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
    this.#ending.abort();
  }

  /** The client does not read, so bytes in flight are discarded. */
  giveUp(): void {
    this.end();
    this.#response.socket?.resetAndDestroy();
  }
}
