import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PendingQuery, Row } from 'postgres';

type CopyQuery = PendingQuery<Row[]> & { reject: (error: Error) => void };

/**
 * Sends these lines to a `copy ... from stdin`. Rejects with PostgreSQL's error when it refuses one of them. The driver
 * resolves the query when the copy begins, and leaves a stream that has ended waiting for ever when an error follows,
 * so this function listens for the error of the query itself.
 */
export async function copyLines(query: PendingQuery<Row[]>, lines: Iterable<string | Uint8Array>): Promise<void> {
  const copy = query as CopyQuery;
  const failure = new AbortController();
  const { reject } = copy;
  copy.reject = (error) => {
    failure.abort(error);
    reject(error);
  };
  const stream = await copy.writable();
  try {
    await pipeline(Readable.from(lines), stream, { signal: failure.signal });
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
}
