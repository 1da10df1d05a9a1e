/** The key of a request in a map: who sent it, and the idempotency key. */
export const keyOf = (userId: string, idempotencyKey: string): string => `${userId} ${idempotencyKey}`;
