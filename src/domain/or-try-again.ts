import { TryAgain } from './errors.ts';
import { isOutage } from './outages.ts';

/** While PostgreSQL is away a caller is told to try again, instead of that something is broken. */
export async function orTryAgain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isOutage(error)) throw new TryAgain(1, { cause: error });
    throw error;
  }
}
