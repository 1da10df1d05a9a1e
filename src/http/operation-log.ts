import { performance } from 'node:perf_hooks';
import { describeError, type Log } from '#observability/log.ts';
import type { Caller } from './context.ts';
import type { Operation } from './documents.ts';
import type { Executed } from './execution.ts';

/**
 * One line an operation: what it was, how it went, how long it took, whose it was. No variables, since they hold what
 * people typed, and no tokens.
 */
export function startLine(log: Log, caller: Caller) {
  const startedAt = performance.now();
  return (executed: Executed, operation: Operation | undefined, refusals: readonly string[] = []): void => {
    const line = {
      operation: operation?.name ?? 'anonymous',
      type: operation?.type,
      outcome: [...refusals, ...executed.codes].join(',') || 'ok',
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      requestId: caller.requestId,
      userId: caller.viewer?.userId,
    };
    if (executed.causes.length > 0) log.error({ ...line, causes: executed.causes.map(describeError) }, 'operation');
    else log.info(line, 'operation');
  };
}
