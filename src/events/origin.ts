import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What a change goes back to. It travels with every message, from the request that began it through outbox, log and
 * consumers to whatever they write in turn, and decides nothing: it may be absent.
 */
export type Origin = {
  /** The `x-request-id` of that request: one word in the log lines of every process. */
  readonly requestId: string;
  /** W3C Trace Context of what is being done now, where its trace is recorded; else nothing is recorded from here on. */
  readonly traceparent?: string | undefined;
};

const storage = new AsyncLocalStorage<Origin | undefined>();

/** Of whatever is being done now; undefined for what the clock began. */
export const currentOrigin = (): Origin | undefined => storage.getStore();

export const withOrigin = <T>(origin: Origin | undefined, work: () => T): T => storage.run(origin, work);

/** As two columns or headers hold it. */
export type StoredOrigin = { readonly requestId: string | null; readonly traceparent: string | null };

export const storedOrigin = (origin: Origin | undefined): StoredOrigin => ({
  requestId: origin?.requestId ?? null,
  traceparent: origin?.traceparent ?? null,
});

export const originOf = ({ requestId, traceparent }: StoredOrigin): Origin | undefined =>
  requestId === null ? undefined : { requestId, traceparent: traceparent ?? undefined };
