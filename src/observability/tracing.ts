import { parseTraceparent, type SpanBackend, type SpanStart, type TraceSpan } from './span.ts';

const nothing: TraceSpan = { traceparent: undefined, name: () => undefined, end: () => undefined };

let backend: SpanBackend | undefined;
let ratio = 0;

/** The limit for all clients together: a client that asks for its trace gets it, within this limit. */
const ASKED_PER_SECOND = 10;
let asked = { second: 0, count: 0 };

/**
 * Sends spans of this process to `endpoint` (OTLP over HTTP); without one nothing is recorded. `ratio` of the
 * operations that begin here are recorded, with all that follows from them, in every process.
 */
export async function startTracing(options: {
  endpoint: string | undefined;
  ratio: number;
  process: string;
}): Promise<{ close(): Promise<void> }> {
  const { endpoint, process } = options;
  if (endpoint === undefined) return { close: async () => undefined };
  const { openOtlpBackend } = await import('./otlp.ts');
  const opened = openOtlpBackend({ endpoint, process });
  [backend, ratio] = [opened, options.ratio];
  return {
    async close() {
      backend = undefined;
      await opened.close();
    },
  };
}

/**
 * A span that begins a trace, or continues the client's. The client's ids are used, and its wish to be recorded is
 * followed within limits; everything else that it sends is ignored.
 */
export function beginTrace(name: string, clientTraceparent: string | undefined): TraceSpan {
  if (!backend) return nothing;
  const parent = parseTraceparent(clientTraceparent);
  if (Math.random() >= ratio && !(parent?.isSampled && mayAsk())) return nothing;
  return backend.start(name, { kind: 'server', parent: parent && clientTraceparent });
}

/** A span of a trace that is recorded already; without one nothing is recorded. */
export function followTrace(name: string, about: SpanStart): TraceSpan {
  return backend && about.parent !== undefined ? backend.start(name, about) : nothing;
}

/** For log lines. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  parseTraceparent(traceparent)?.traceId;

function mayAsk(): boolean {
  const second = Math.floor(performance.now() / 1000);
  if (asked.second !== second) asked = { second, count: 0 };
  asked.count += 1;
  return asked.count <= ASKED_PER_SECOND;
}
