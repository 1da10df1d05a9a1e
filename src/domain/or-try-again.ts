import { isConnectionFailure, isLockTimeout } from '#db/pg-errors.ts';
import { TryAgain } from './errors.ts';

/** While PostgreSQL is away a caller is told to try again, instead of that something is broken. */
export async function orTryAgain<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isConnectionFailure(error) || isLockTimeout(error)) throw new TryAgain(1);
    throw error;
  }
}
