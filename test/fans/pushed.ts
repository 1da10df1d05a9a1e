import { asEvents, resultsIn } from './event-stream.ts';
import { type Json, type Operation, send } from './graphql-http.ts';
import { openSocket } from './graphql-socket.ts';

/** What a client sends with a request over HTTP (by header name) or with its socket (by param name). */
export type Credentials = { readonly authorization: string; readonly admission?: string; readonly place?: string };

export type Pushed = {
  /** The results, in order. */
  readonly results: readonly Json[];
  /** The first result, past or future, that fits. Rejects when the subscription ends before. */
  when(wanted: (data: Json) => boolean): Promise<Json>;
  /** The errors that ended it, or 'complete'. */
  ended: Promise<Json>;
  stop(): void;
};

type Heard = { next(result: Json): void; end(why: Json): void };
type Listen = (apiUrl: string, by: Credentials, operation: Operation, heard: Heard) => () => void;

const overWebSocket: Listen = (apiUrl, by, operation, { next, end }) => {
  const client = openSocket(apiUrl, { ...by });
  client.subscribe<Json>(operation as never, { next, error: end, complete: () => end('complete') });
  return () => void client.dispose();
};

export const headersOf = ({ authorization, admission, place }: Credentials): Record<string, string> => ({
  authorization,
  ...(admission && { 'frontrow-admission': admission }),
  ...(place && { 'frontrow-place': place }),
});

const overEventStream: Listen = (apiUrl, by, operation, { next, end }) => {
  const ending = new AbortController();
  const read = async () => {
    const headers = { ...asEvents, ...headersOf(by) };
    const response = await send(apiUrl, operation, { headers, signal: ending.signal });
    let errors: Json;
    for await (const result of resultsIn(response)) {
      errors = result.errors;
      if (!errors) next(result);
    }
    end(errors ?? 'complete');
  };
  read().catch(end);
  return () => ending.abort();
};

export const pushers: Readonly<Record<'WebSocket' | 'server-sent events', Listen>> = {
  WebSocket: overWebSocket,
  'server-sent events': overEventStream,
};

/** Subscribes on a connection of its own. */
export function subscribeOver(listen: Listen, apiUrl: string, by: Credentials, operation: Operation): Pushed {
  const results: Json[] = [];
  const ended = Promise.withResolvers<Json>();
  let look = Promise.withResolvers<void>();
  const stop = listen(apiUrl, by, operation, {
    next(result) {
      results.push(result.data);
      look.resolve();
      look = Promise.withResolvers();
    },
    end: ended.resolve,
  });
  return {
    results,
    ended: ended.promise,
    stop,
    async when(wanted) {
      for (;;) {
        const found = results.find(wanted);
        if (found) return found;
        const end = await Promise.race([look.promise, ended.promise]);
        if (end !== undefined && !results.some(wanted))
          throw new Error(`It ended before: ${JSON.stringify(end)} after ${JSON.stringify(results)}`);
      }
    },
  };
}
