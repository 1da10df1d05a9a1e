import { performance } from 'node:perf_hooks';
import { describeError, type Log } from '#observability/log.ts';
import type { OperationMetrics, Transport } from '#observability/operation-metrics.ts';
import { beginTrace, traceIdOf } from '#observability/tracing.ts';
import type { Caller } from './context.ts';
import type { Operation } from './documents.ts';
import type { Executed } from './execution.ts';

const LONGEST_NAME = 200;
/** One failure can break a hundred fields of a result. */
const CAUSES_AT_MOST = 2;

/** The client chooses the name. */
export const nameForLog = (name: string | undefined): string => name?.slice(0, LONGEST_NAME) ?? 'anonymous';

const causesForLog = (causes: readonly unknown[]) => ({
  causes: causes.slice(0, CAUSES_AT_MOST).map(describeError),
  ...(causes.length > CAUSES_AT_MOST && { furtherCauses: causes.length - CAUSES_AT_MOST }),
});

/**
 * Writes one log line per operation, one count, and one span if its trace is recorded: the operation, its outcome, its
 * duration, its viewer. Variables are left out, because they hold what people typed; so are tokens.
 */
export function startLine(
  { log, metrics }: { log: Log; metrics?: OperationMetrics | undefined },
  caller: Caller,
  transport: Transport,
) {
  const startedAt = performance.now();
  const span = beginTrace('graphql', caller.traceparent);
  const write = (executed: Executed, operation: Operation | undefined, refusals: readonly string[] = []): void => {
    const ms = performance.now() - startedAt;
    const outcomes = [...refusals, ...executed.codes];
    metrics?.operated({
      transport,
      operation: operation?.field ?? 'none',
      outcome: outcomes[0] ?? 'ok',
      seconds: ms / 1000,
    });
    if (span.traceparent !== undefined) {
      span.name(`${operation?.type ?? 'graphql'} ${operation?.field ?? 'none'}`);
      const attributes = { transport, outcome: outcomes[0] ?? 'ok', 'request.id': caller.requestId };
      span.end({ failed: executed.causes.length > 0, attributes });
    }
    const line = {
      operation: nameForLog(operation?.name),
      type: operation?.type,
      field: operation?.field,
      outcome: outcomes.join(',') || 'ok',
      ms: Math.round(ms * 10) / 10,
      requestId: caller.requestId,
      traceId: traceIdOf(span.traceparent),
      userId: caller.viewer?.userId,
    };
    if (executed.causes.length > 0) log.error({ ...line, ...causesForLog(executed.causes) }, 'operation');
    else log.info(line, 'operation');
  };
  /** For spans of work inside the operation. */
  return { traceparent: span.traceparent, write };
}
