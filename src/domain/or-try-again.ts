import { TryAgain } from './errors.ts';
import { isOutage } from './outages.ts';

/** While PostgreSQL is away the caller gets `TryAgain` instead of an internal error. */
export async function orTryAgain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isOutage(error)) throw new TryAgain(1, { cause: error });
    throw error;
  }
}
