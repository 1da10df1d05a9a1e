import type { ExecutionArgs } from 'graphql';
import { TryAgain } from '#domain/errors.ts';
import { withDeadline } from '#shared/deadline.ts';
import type { OperationPlugin } from './plugin.ts';

/** Inner timeouts fire at 5 s with a more specific error. */
const DEADLINE_MS = 5_500;
/** Root fields that take longer: the largest seating plan is read and stored in 5 s to 15 s. */
const LONGER_MS: Readonly<Record<string, number>> = { importSeatingPlan: 30_000 };

/** Ends queries and mutations after 5.5 s (an import after 30 s) with an error; a later result is discarded. */
export function useDeadline(): OperationPlugin {
  return {
    onExecute({ executeFn, setExecuteFn, context: { call } }) {
      const withinMs = LONGER_MS[call.operation?.field ?? ''] ?? DEADLINE_MS;
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
