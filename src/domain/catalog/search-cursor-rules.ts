import { createHash } from 'node:crypto';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput } from '../errors.ts';

/** Where a page ended: see `EventSearch`. */
type Position = { readonly rank: number; readonly key: number; readonly seq: number; readonly eventId: string };

const FORMAT = 1;
/** More than there are events. */
const HIGHEST_RANK = 100_000_000;

/**
 * Identifies a query, so that another query refuses its cursor. `parts` is everything that decides which hits there
 * are.
 */
export const hashOfQuery = (parts: unknown): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);

export const encodeCursor = (queryHash: string, { rank, key, seq, eventId }: Position): string =>
  Buffer.from(JSON.stringify([FORMAT, queryHash, rank, key, seq, eventId])).toString('base64url');

/** @throws InvalidInput for an `after` that is not one of our cursors, or belongs to another query */
export function decodeCursor(queryHash: string, cursor: string): Position {
  const [format, hash, rank, key, seq, eventId] = partsOf(cursor);
  const isOurs =
    format === FORMAT &&
    Number.isSafeInteger(rank) &&
    Number(rank) > 0 &&
    Number(rank) <= HIGHEST_RANK &&
    Number.isSafeInteger(key) &&
    Number.isSafeInteger(seq) &&
    Number(seq) >= 0 &&
    typeof eventId === 'string' &&
    isUuid(eventId) &&
    // Compared to the last character: base64 ignores some characters, and further parts would be ignored here.
    Buffer.from(JSON.stringify([format, hash, rank, key, seq, eventId])).toString('base64url') === cursor;
  if (!isOurs)
    throw new InvalidInput(
      'after',
      'This is not a cursor of searchEvents. Use a cursor from an earlier page, unchanged.',
    );
  if (hash !== queryHash) {
    throw new InvalidInput(
      'after',
      'This cursor belongs to another search. Send the arguments of that search, or leave `after` out.',
    );
  }
  return { rank: Number(rank), key: Number(key), seq: Number(seq), eventId };
}

function partsOf(cursor: string): readonly unknown[] {
  if (cursor.length > 400) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
