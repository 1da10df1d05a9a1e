import { randomUUIDv7 } from 'node:crypto';
import { and, eq, inArray } from 'drizzle-orm';
import { jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { bookingSeats, bookings } from '#db/tables/booking.ts';
import { eventSeats } from '#db/tables/inventory.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { HOLD_SECONDS, type HoldRequest, type HoldSide } from './hold-side.ts';

/**
 * A hold as in the documentation of the same libraries: a lock per seat in Redis (SET NX EX), and one transaction of
 * drizzle that locks the seats' rows, changes them and writes booking, booking seats and outbox. Same tables, same
 * durability, the driver's own pool of ten. The parts that it omits would only make it slower: no counters, no
 * version, no limits, no look-up of the key, prices that are already known.
 */
export function openStockHolds(options: { databaseUrl: string; redisUrl: string; withRedisLock: boolean }): HoldSide {
  const db = drizzle(postgres(options.databaseUrl, { onnotice: () => {} }));
  const redis = options.withRedisLock ? new Redis(options.redisUrl) : undefined;
  return {
    async hold(request) {
      const bookingId = randomUUIDv7();
      if (redis && !(await lockSeats(redis, request, bookingId))) return undefined;
      const held = await holdInTransaction(db, request, bookingId);
      if (!held && redis) await unlockSeats(redis, request, request.seatNos);
      return held ? { bookingId } : undefined;
    },
    async release(request, { bookingId }) {
      await releaseInTransaction(db, { id: bookingId, eventId: request.eventId }, 'CANCELLED');
      if (redis) await unlockSeats(redis, request, request.seatNos);
    },
  };
}

const lockOf = (eventId: string, seatNo: number) => `lock:${eventId}:${seatNo}`;

async function lockSeats(redis: Redis, { eventId, seatNos }: HoldRequest, bookingId: string): Promise<boolean> {
  const answers = await Promise.all(
    seatNos.map((seatNo) => redis.set(lockOf(eventId, seatNo), bookingId, 'EX', HOLD_SECONDS, 'NX')),
  );
  const locked = seatNos.filter((_, index) => answers[index] === 'OK');
  if (locked.length === seatNos.length) return true;
  await unlockSeats(redis, { eventId }, locked);
  return false;
}

async function unlockSeats(redis: Redis, { eventId }: { eventId: string }, seatNos: readonly number[]): Promise<void> {
  if (seatNos.length > 0) await redis.del(seatNos.map((seatNo) => lockOf(eventId, seatNo)));
}

const PRICE = { priceMinor: 5000, feeMinor: 250 };

const outbox = pgTable('outbox', {
  id: uuid('id').primaryKey(),
  aggregateType: text('aggregatetype').notNull(),
  aggregateId: text('aggregateid').notNull(),
  type: text('type').notNull(),
  eventId: uuid('event_id').notNull(),
  payload: jsonb('payload').notNull(),
});
const outboxRowOf = (event: DomainEventOf<'BookingCreated' | 'BookingCancelled' | 'BookingExpired'>) => ({
  id: randomUUIDv7(),
  aggregateType: 'booking',
  aggregateId: event.aggregateId,
  type: event.type,
  eventId: event.eventId,
  payload: event,
});

/** Locks in seat order, so that two holds for the same seats cannot deadlock. */
function holdInTransaction(db: PostgresJsDatabase, request: HoldRequest, bookingId: string): Promise<boolean> {
  const { eventId, userId, key, seatNos } = request;
  const wanted = and(eq(eventSeats.eventId, eventId), inArray(eventSeats.seatNo, [...seatNos]));
  return db.transaction(async (tx) => {
    const seats = await tx.select().from(eventSeats).where(wanted).orderBy(eventSeats.seatNo).for('update');
    if (seats.length !== seatNos.length || seats.some((seat) => seat.status !== 'AVAILABLE')) return false;
    const holdExpiresAt = new Date(Date.now() + HOLD_SECONDS * 1000);
    const totalMinor = seats.length * (PRICE.priceMinor + PRICE.feeMinor);
    await tx.update(eventSeats).set({ status: 'HELD', bookingId, holdExpiresAt }).where(wanted);
    await tx.insert(bookings).values({
      id: bookingId,
      userId,
      eventId,
      status: 'PENDING_PAYMENT',
      totalMinor,
      currency: 'USD',
      holdExpiresAt,
      idempotencyKey: key,
      requestHash: seatNos.join(','),
      version: 0,
    });
    await tx.insert(bookingSeats).values(seatNos.map((seatNo) => ({ bookingId, eventId, seatNo, ...PRICE })));
    const created = outboxRowOf({
      type: 'BookingCreated',
      aggregateId: bookingId,
      eventId,
      userId,
      version: 0,
      seatNos: [...seatNos],
      totalMinor,
      currency: 'USD',
      holdExpiresAt: holdExpiresAt.toISOString(),
      description: 'Test match',
      lines: seatNos.map((seatNo) => ({ label: `Seat ${seatNo}`, amountMinor: 5250 })),
    });
    await tx.insert(outbox).values(created);
    return true;
  });
}

type Ended = 'CANCELLED' | 'EXPIRED';

export function releaseInTransaction(
  db: PostgresJsDatabase,
  { id, eventId }: { readonly id: string; readonly eventId: string },
  status: Ended,
): Promise<void> {
  return db.transaction(async (tx) => {
    const [booking] = await tx.select().from(bookings).where(eq(bookings.id, id)).for('update');
    if (booking?.status !== 'PENDING_PAYMENT') throw new Error('There is nothing to release.');
    const seats = await tx
      .update(eventSeats)
      .set({ status: 'AVAILABLE', bookingId: null, holdExpiresAt: null })
      .where(and(eq(eventSeats.eventId, eventId), eq(eventSeats.bookingId, id)))
      .returning({ seatNo: eventSeats.seatNo });
    await tx.update(bookings).set({ status }).where(eq(bookings.id, id));
    const about = { aggregateId: id, eventId, userId: booking.userId, version: 0, seatNos: seats.map((s) => s.seatNo) };
    const event = {
      EXPIRED: { type: 'BookingExpired' },
      CANCELLED: { type: 'BookingCancelled', refundDue: false },
    } as const;
    await tx.insert(outbox).values(outboxRowOf({ ...event[status], ...about }));
  });
}
