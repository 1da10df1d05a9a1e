import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import { type ErrorCode, reportError } from './errors.ts';
import type { OperationPlugin } from './plugin.ts';

export type Masked = {
  readonly result: FormattedExecutionResult;
  /** Empty when the operation succeeded. A refusal of a mutation is data, not an error. */
  readonly codes: readonly ErrorCode[];
  /** Causes that the client does not get to see. */
  readonly causes: readonly unknown[];
};

const NOTHING = { codes: [], causes: [] };

/** Replaces each error by what the client may know, and keeps the codes and causes for the log. */
export function useMasking({ tellsSchema }: { tellsSchema: boolean }): OperationPlugin {
  return {
    onExecutionResult({ context: { call }, result, setResult }) {
      if (!result || isAsyncIterable(result)) {
        call.outcome = NOTHING;
        return;
      }
      const masked = maskResult(result, call.caller.requestId, { tellsSchema });
      call.outcome = masked;
      setResult(masked.result as ExecutionResult);
    },
  };
}

/** `tellsSchema`: errors may name types and values of the schema. */
export function maskResult(
  result: Pick<ExecutionResult, 'data' | 'errors'>,
  requestId: string,
  { tellsSchema = true } = {},
): Masked {
  if (!result.errors?.length) return { ...NOTHING, result: { data: result.data ?? null } };
  const reported = result.errors.map((error) => reportError(error, requestId, { tellsSchema }));
  return {
    result: {
      errors: reported.map(({ error }) => error),
      // Absent, not null, when nothing was executed: by this clients recognise a refused request.
      ...(result.data !== undefined && { data: result.data }),
    },
    codes: [...new Set(reported.map(({ code }) => code))],
    causes: reported.flatMap(({ cause }) => (cause === undefined ? [] : [cause])),
  };
}
