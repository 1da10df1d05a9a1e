import { type Origin, withOrigin } from '#events/origin.ts';
import type { SpanStart } from '#observability/span.ts';
import { followTrace } from '#observability/tracing.ts';

/**
 * Does `work` for its origin: what it writes goes back to the same request, and is part of a span of the origin's trace
 * where that is recorded.
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
