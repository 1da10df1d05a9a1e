import type { ExecutionArgs } from 'graphql';
import { TryAgain } from '#domain/errors.ts';
import type { OperationPlugin } from './plugin.ts';

/** Inner timeouts fire at 5 s with a more specific error. */
const DEADLINE_MS = 5_500;

/** Ends queries and mutations after 5.5 s with an error; a later result is discarded. */
export function useDeadline(): OperationPlugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs) => {
        const result: unknown = executeFn(args);
        return result instanceof Promise ? withDeadline(result) : result;
      });
    },
  };
}

async function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = 'The operation took too long. Try again, with the same idempotency key if it has one.';
    timer = setTimeout(() => reject(new TryAgain(1, { message })), DEADLINE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
