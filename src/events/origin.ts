import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The request that caused a change. It travels with every message, from that request through outbox, log and
 * consumers to their own writes, and decides nothing: it may be absent.
 */
export type Origin = {
  /** The `x-request-id` of that request: the same word in the log lines of every process. */
  readonly requestId: string;
  /** W3C Trace Context of the current work, when its trace is recorded; otherwise nothing is recorded from here on. */
  readonly traceparent?: string | undefined;
};

const storage = new AsyncLocalStorage<Origin | undefined>();

/** The origin of the current work; undefined for work that the clock began. */
export const currentOrigin = (): Origin | undefined => storage.getStore();

export const withOrigin = <T>(origin: Origin | undefined, work: () => T): T => storage.run(origin, work);

/** In the form of two columns or headers. */
export type StoredOrigin = { readonly requestId: string | null; readonly traceparent: string | null };

export const storedOrigin = (origin: Origin | undefined): StoredOrigin => ({
  requestId: origin?.requestId ?? null,
  traceparent: origin?.traceparent ?? null,
});

export const originOf = ({ requestId, traceparent }: StoredOrigin): Origin | undefined =>
  requestId === null ? undefined : { requestId, traceparent: traceparent ?? undefined };
