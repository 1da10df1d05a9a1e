import { SearchBusy } from '#search/event-search.ts';
import { RateLimited } from '../errors.ts';

/** For a `catch`. @throws RateLimited */
export function refuseWhenBusy(error: unknown): never {
  if (error instanceof SearchBusy) throw new RateLimited(1, 'The search is overloaded. Try again in a second.');
  throw error;
}
