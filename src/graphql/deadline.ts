import type { ExecutionArgs } from 'graphql';
import { TryAgain } from '#domain/errors.ts';
import { withDeadline } from '#shared/deadline.ts';
import { longerMsOf } from './long-operations.ts';
import type { OperationPlugin } from './plugin.ts';

/** Inner timeouts fire at 5 s with a more specific error. */
const DEADLINE_MS = 5_500;

/** Ends queries and mutations after 5.5 s (an import after 30 s) with an error; a later result is discarded. */
export function useDeadline(): OperationPlugin {
  return {
    onExecute({ executeFn, setExecuteFn, context: { call } }) {
      const withinMs = longerMsOf(call.operation?.field) ?? DEADLINE_MS;
      setExecuteFn((args: ExecutionArgs) => {
        const result: unknown = executeFn(args);
        return result instanceof Promise ? withDeadline(result, withinMs, tooLong) : result;
      });
    },
  };
}

function tooLong(): never {
  throw new TryAgain(1, {
    message: 'The operation took too long. Try again, with the same idempotency key if it has one.',
  });
}
