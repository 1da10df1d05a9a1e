import { performance } from 'node:perf_hooks';
import type { ExecutionArgs } from 'graphql';
import { withOrigin } from '#events/origin.ts';
import { describeError, type Log } from '#observability/log.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import { beginTrace, traceIdOf } from '#observability/tracing.ts';
import { type Call, transportOf } from './call.ts';
import type { OperationPlugin } from './plugin.ts';

const LONGEST_NAME = 200;
/** One failure can break a hundred fields of a result. */
const CAUSES_AT_MOST = 2;

type Needs = { log: Log; metrics?: OperationMetrics | undefined };

/**
 * Writes one log line per operation, one count, and one span if its trace is recorded: the operation, its outcome, its
 * duration, its viewer. Variables are left out, because they hold what people typed; so are tokens and the text of
 * refused documents. A subscription has its line when it starts or fails to start.
 */
export function useOperationLog(needs: Needs): OperationPlugin {
  return {
    onEnveloped({ context }) {
      if (!context) return;
      context.call.startedAt = performance.now();
      context.call.span = beginTrace('graphql', context.call.caller.traceparent);
    },
    onExecute({ args, executeFn, setExecuteFn }) {
      const { caller, span }: Call = args.contextValue.call;
      // The messages and the spans of work inside the operation name it as their origin.
      const origin = { requestId: caller.requestId, traceparent: span?.traceparent };
      setExecuteFn((given: ExecutionArgs) => withOrigin(origin, () => executeFn(given)));
    },
    onExecutionResult: ({ context: { call } }) => writeLine(needs, call),
  };
}

function writeLine({ log, metrics }: Needs, call: Call): void {
  const { caller, operation, span, startedAt = 0, outcome: { codes, causes } = { codes: [], causes: [] } } = call;
  const ms = performance.now() - startedAt;
  const outcomes = [...call.refusals, ...codes];
  const [outcome = 'ok'] = outcomes;
  const transport = transportOf(call);
  const field = operation?.field ?? 'none';
  metrics?.operated({ transport, operation: field, outcome, seconds: ms / 1000 });
  if (span?.traceparent !== undefined) {
    span.name(`${operation?.type ?? 'graphql'} ${field}`);
    span.end({ failed: causes.length > 0, attributes: { transport, outcome, 'request.id': caller.requestId } });
  }
  const line = {
    operation: nameForLog(operation?.name),
    type: operation?.type,
    field: operation?.field,
    outcome: outcomes.join(',') || 'ok',
    ms: Math.round(ms * 10) / 10,
    requestId: caller.requestId,
    traceId: traceIdOf(span?.traceparent),
    userId: caller.viewer?.userId,
    accessKeyId: caller.accessKey?.accessKeyId,
  };
  if (causes.length > 0) log.error({ ...line, ...causesForLog(causes) }, 'operation');
  else log.info(line, 'operation');
}

/** The client chooses the name. */
const nameForLog = (name: string | undefined): string => name?.slice(0, LONGEST_NAME) ?? 'anonymous';

const causesForLog = (causes: readonly unknown[]) => ({
  causes: causes.slice(0, CAUSES_AT_MOST).map(describeError),
  ...(causes.length > CAUSES_AT_MOST && { furtherCauses: causes.length - CAUSES_AT_MOST }),
});
