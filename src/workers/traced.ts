import { type Origin, withOrigin } from '#events/origin.ts';
import type { SpanStart } from '#observability/span.ts';
import { followTrace } from '#observability/tracing.ts';

/**
 * Runs `work` for its origin: what it writes has the same request id, and is part of a span of the origin's trace
 * when that is recorded.
 */
export async function asPartOf<T>(
  origin: Origin | undefined,
  { name, ...about }: { name: string } & Pick<SpanStart, 'kind' | 'attributes' | 'startedAtMs'>,
  work: () => Promise<T>,
): Promise<T> {
  const span = followTrace(name, { ...about, parent: origin?.traceparent });
  try {
    const result = await withOrigin(origin && { ...origin, traceparent: span.traceparent ?? origin.traceparent }, work);
    span.end({});
    return result;
  } catch (error) {
    span.end({ failed: true });
    throw error;
  }
}

/**
 * As `asPartOf`, for several origins at once: `work` gets the origin that belongs to what it writes for each of them.
 */
export async function asPartsOf<T>(
  origins: readonly (Origin | undefined)[],
  about: (index: number) => { name: string } & Pick<SpanStart, 'kind'>,
  work: (origins: readonly (Origin | undefined)[]) => Promise<T>,
): Promise<T> {
  const spans = origins.map((origin, index) => {
    const { name, kind } = about(index);
    return followTrace(name, { kind, parent: origin?.traceparent });
  });
  const own = origins.map(
    (origin, index) => origin && { ...origin, traceparent: spans[index]?.traceparent ?? origin.traceparent },
  );
  let failed = true;
  try {
    const result = await work(own);
    failed = false;
    return result;
  } finally {
    for (const span of spans) span.end({ failed });
  }
}
