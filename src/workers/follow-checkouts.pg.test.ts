import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import type { DomainEvent } from '#events/contracts.ts';
import { openRoomStores } from '#test/support/waiting-room/waiting-room-stores.ts';
import { followCheckouts } from './follow-checkouts.ts';

const world = await openRoomStores();
afterAll(() => world.close());
const [roomSessions] = world.sessions;
const context = () => ({ messageId: randomUUIDv7(), signal: new AbortController().signal });

test('a fan who paid gives the slot back once; the same message again ends no later visit', async () => {
  const { eventId, comer, enter, news, passSeconds } = await world.openRoom({ capacity: 1, joined: 3, watermark: 2 });
  const { userId } = comer(0);
  const confirmed = async (): Promise<DomainEvent> => {
    const [now] = await world.db.execute<{ ms: number }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
    );
    const at = new Date(Math.ceil(now?.ms ?? 0)).toISOString();
    const about = { aggregateId: randomUUIDv7(), eventId, userId, version: 1, seatNos: [1] };
    return { type: 'BookingConfirmed', ...about, confirmedAt: at, retaken: false };
  };
  await enter(0);
  const message = await confirmed();
  const expired: DomainEvent = { ...(message as DomainEvent & { type: 'BookingConfirmed' }), type: 'BookingExpired' };
  await followCheckouts.run({ roomSessions }, expired, context());
  expect(news()).toEqual([0]);
  await followCheckouts.run({ roomSessions }, message, context());
  expect(await roomSessions.read(eventId, 0)).toMatchObject({ endedAtMs: expect.any(Number) });
  expect(await enter(1)).toBe('inside');
  expect(news()).toEqual([0, 0, 1]);
  // The fan comes again, long after the first payment.
  await passSeconds(10);
  await world.db.execute(sql`
    update waiting_room_sessions set user_id = ${userId}, entered_at = clock_timestamp() + interval '1 second'
    where event_id = ${eventId} and ordinal = 1`);
  await followCheckouts.run({ roomSessions }, message, context());
  expect(await roomSessions.read(eventId, 1)).toMatchObject({ endedAtMs: null });
});
