import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import postgres from 'postgres';

export type Acknowledged = { readonly what: 'held' | 'confirmed'; readonly bookingId: string };

/** Acknowledgements to clients, a line each, written to disk before the client continues. */
export function openAcknowledged(path: string) {
  const file = openSync(path, 'a');
  const read = (): Acknowledged[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return {
    note(one: Acknowledged): void {
      writeSync(file, `${JSON.stringify(one)}\n`);
      fdatasyncSync(file);
    },
    read,
    close: () => closeSync(file),
  };
}

export type AcknowledgedFile = ReturnType<typeof openAcknowledged>;

/** Acknowledged changes that are missing: a booking that does not exist, or a confirmed one in an earlier state. */
export async function findLost(bookingUrl: string, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const sql = postgres(bookingUrl, { max: 1, onnotice: () => undefined });
  try {
    const ids = [...new Set(acknowledged.map(({ bookingId }) => bookingId))];
    const rows = await sql<{ id: string; status: string }[]>`select id, status from bookings where id = any(${ids})`;
    const statuses = new Map(rows.map(({ id, status }) => [id, status]));
    return acknowledged.flatMap(({ what, bookingId }) => {
      const status = statuses.get(bookingId);
      if (status === undefined) return [`${what} ${bookingId} does not exist`];
      return what === 'confirmed' && status !== 'CONFIRMED' ? [`confirmed ${bookingId} is ${status}`] : [];
    });
  } finally {
    await sql.end();
  }
}
