/** `server` and `consumer` are started by another process; `client` calls another process. */
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer' | 'internal';

/** Values that we choose: names, outcomes, counts and ids. Never text that people typed. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type SpanStart = {
  readonly kind: SpanKind;
  /** W3C `traceparent`s: the span that this one is part of, and further ones that it was done for. */
  readonly parent?: string | undefined;
  readonly links?: readonly string[];
  /** Milliseconds since 1970, when it began before now. */
  readonly startedAtMs?: number;
  readonly attributes?: SpanAttributes;
};

export type TraceSpan = {
  /** To be passed on; undefined when nothing is recorded. */
  readonly traceparent: string | undefined;
  name(name: string): void;
  /** `failed`: the work did not succeed. */
  end(outcome: { failed?: boolean; attributes?: SpanAttributes }): void;
};

/** Sends spans to a collector; loaded only when one is configured. */
export type SpanBackend = { start(name: string, about: SpanStart): TraceSpan; close(): Promise<void> };

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

export function parseTraceparent(
  text: string | undefined,
): { traceId: string; spanId: string; isSampled: boolean } | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
