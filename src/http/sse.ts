import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ExecutionResult } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { securityHeaders } from './answer.ts';
import type { Caller } from './context.ts';
import type { GraphqlParams } from './documents.ts';
import type { Gate } from './gate.ts';

export type EventStreams = {
  /** Answers with server-sent events until the subscription, the client or the access token ends. */
  answer(response: ServerResponse, asked: Asked): Promise<void>;
  /** Ends every stream; clients come back, to another process. */
  close(): void;
};

type ServerContext = { asked: Asked };
type Asked = { params: GraphqlParams; caller: Caller; headers: Record<string, string> };

/**
 * Yoga frames the events (GraphQL over SSE, distinct connections) and keeps the connection alive; what is executed comes
 * from the gate, like everything else.
 */
export function openEventStreams(gate: Gate): EventStreams {
  const fromGate: Plugin<object, ServerContext> = {
    onParams: ({ setParamsHandler, context: { asked } }) =>
      // Its errors are masked and formatted by now, which the type of an execution's result has no word for.
      setParamsHandler(() => gate.subscribe(asked.params, asked.caller) as Promise<ExecutionResult>),
  };
  const yoga = createYoga<ServerContext>({
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
  const open = new Set<AbortController>();

  return {
    async answer(response, asked) {
      const ending = new AbortController();
      open.add(ending);
      response.once('close', () => ending.abort());
      const endsAt = asked.caller.viewer?.tokenExpiresAt.getTime();
      const timer = endsAt && setTimeout(() => ending.abort(), endsAt - Date.now());
      try {
        const answer = await yoga.fetch(
          'http://frontrow/graphql',
          {
            method: 'POST',
            headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
            body: JSON.stringify({ query: '{ __typename }' }),
          },
          { asked },
        );
        response.writeHead(answer.status, {
          ...securityHeaders,
          ...asked.headers,
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
          'x-accel-buffering': 'no',
        });
        if (answer.body) await pipeline(Readable.fromWeb(answer.body as never), response, { signal: ending.signal });
      } catch (error) {
        // Who ended it needs no word of it; the pipeline has closed both sides.
        if (!ending.signal.aborted) throw error;
      } finally {
        clearTimeout(timer);
        open.delete(ending);
        response.end();
      }
    },
    close() {
      for (const ending of open) ending.abort();
    },
  };
}
