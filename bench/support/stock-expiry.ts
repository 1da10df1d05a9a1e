import { and, eq, lte } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { bookings } from '#db/tables/booking.ts';
import { releaseInTransaction } from './stock-holds.ts';

const CONNECTIONS = 10;
const CHUNK = 500;
const LOOK_EVERY_MS = 100;

/** Ends overdue holds as in the documentation of the same libraries: reads some, and ends each in a transaction. */
export function openStockExpiry(databaseUrl: string): { readonly pid: number; close(): Promise<void> } {
  const client = postgres(databaseUrl, { max: CONNECTIONS, onnotice: () => {} });
  const db = drizzle(client);
  let isRunning = true;
  const running = (async () => {
    while (isRunning) {
      const due = await db
        .select({ id: bookings.id, eventId: bookings.eventId })
        .from(bookings)
        .where(and(eq(bookings.status, 'PENDING_PAYMENT'), lte(bookings.holdExpiresAt, new Date())))
        .orderBy(bookings.holdExpiresAt)
        .limit(CHUNK);
      await Promise.all(due.map((booking) => releaseInTransaction(db, booking, 'EXPIRED')));
      if (due.length < CHUNK) await new Promise((wait) => setTimeout(wait, LOOK_EVERY_MS));
    }
  })();
  return {
    pid: process.pid,
    close: async () => {
      isRunning = false;
      await running;
      await client.end();
    },
  };
}
