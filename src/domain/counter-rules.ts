import { nameBasedId } from './catalog/import/name-based-id.ts';
import type { Actor } from './viewer.ts';

/**
 * The id that stands for the user of the bookings that an actor sells. It is of no account, so a sale is in the list of no
 * viewer and counts against the limits of no fan; it is the same for each sale, so that an idempotency key has its scope.
 */
export const counterOf = (actor: Actor): string =>
  nameBasedId('userId' in actor ? `counter of user ${actor.userId}` : `counter of key ${actor.accessKeyId}`);
