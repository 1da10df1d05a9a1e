import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, expect, test, vi } from 'vitest';
import { type Failpoint, type FailpointProcess, failpoints } from '#db/failpoint.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { dropParked, listParked } from '#events/log/parked-administration.ts';
import { EPOCH } from '#redis/keys.ts';
import { signIn, signUp } from '#test/fans/accounts.ts';
import { bookingWhen, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { joinMutation } from '#test/fans/waiting-room-fan.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { relaySlot } from '#workers/relay-outbox.ts';

const scenes = await openPaymentScenes();
const { system } = scenes;
const sql = postgres(system.bookingUrl, { max: 4, onnotice: () => {} });
const redis = new Redis(system.redisUrl);
afterAll(async () => {
  await sql.end();
  redis.disconnect();
  await scenes.close();
});

const REACHED_WITHIN_MS = 120_000;
const DONE_WITHIN_MS = 120_000;

/** Prepares what a process needs to reach a failpoint at all, while the process is dead. */
const before: Partial<Record<Failpoint, () => Promise<unknown>>> = {
  'relay.slot-made': dropSlot,
  'relay.outbox-appended': dropSlot,
  'seat-locks.restored': () => redis.del(EPOCH),
};

async function dropSlot(): Promise<void> {
  // The server notices a little later that its relay is dead.
  await insist(async () => {
    await sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots
      where slot_name = ${relaySlot(system.bookingUrl)}`;
    return true;
  });
}

/** A well-written client: after any failure it sends the same request again. */
function insist<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  const once = async () => {
    const result = await attempt();
    if (result === undefined) throw new Error('not yet');
    return result;
  };
  return vi.waitFor(once, { timeout: DONE_WITHIN_MS, interval: 50 });
}

type Seen = { status: string; payment: { status: string; url: string } };

/** A fan with a booking of one seat of an event, who never gives up. */
async function hold(fan: Fan, event: SeededEvent, seatNo: number) {
  const key = randomUUID();
  const { id } = await insist(async () => (await scenes.book(fan, event, [seatNo], key)).booking);
  return {
    id: id as string,
    reach: (status: string, payment?: string) =>
      insist(() =>
        bookingWhen(fan, id, (now: Seen) => now.status === status && (!payment || now.payment.status === payment)),
      ),
    cancel: () =>
      insist(async () => {
        const answer = await scenes.cancel(fan, id);
        return answer.__typename === 'CancelBookingSuccess' || undefined;
      }),
  };
}

/** Paid, confirmed, cancelled, and refunded. */
async function buyAndCancel(fan: Fan, event: SeededEvent, seatNo: number): Promise<void> {
  const booking = await hold(fan, event, seatNo);
  const { payment } = await booking.reach('PAYMENT_READY');
  await insist(async () => (await decideAt(payment.url, 'pay')).ok || undefined);
  await booking.reach('CONFIRMED');
  await booking.cancel();
  await booking.reach('CANCELLED', 'REFUNDED');
}

/** Cancelled before it was paid: its session is closed. */
async function changeMind(fan: Fan, event: SeededEvent, seatNo: number): Promise<void> {
  const booking = await hold(fan, event, seatNo);
  await booking.reach('PAYMENT_READY');
  await booking.cancel();
  await booking.reach('CANCELLED', 'PAYMENT_FAILED');
}

/** Never paid; the time of the hold is over now. */
async function forget(fan: Fan, event: SeededEvent, seatNo: number): Promise<void> {
  const booking = await hold(fan, event, seatNo);
  await booking.reach('PAYMENT_READY');
  const id = booking.id.replace('Booking_', '');
  await sql.begin(async (tx) => {
    await tx`update event_seats set hold_expires_at = now() - interval '1 ms' where booking_id = ${id}`;
    await tx`update bookings set hold_expires_at = now() - interval '1 ms' where id = ${id}`;
  });
  await booking.reach('EXPIRED', 'PAYMENT_FAILED');
}

/** The organizer cancels the event: its paid booking is refunded, and its hold ends. */
async function cancelWithEvent(fan: Fan, organizer: Fan): Promise<void> {
  const event = await scenes.event(4, { organizerId: organizer.userId.replace('User_', '') });
  const paid = await hold(fan, event, 0);
  const { payment } = await paid.reach('PAYMENT_READY');
  await insist(async () => (await decideAt(payment.url, 'pay')).ok || undefined);
  await paid.reach('CONFIRMED');
  const unpaid = await hold(fan, event, 2);
  const eventId = `Event_${event.eventId}`;
  const preview = `mutation ($input: EventInput!) { previewEventCancellation(input: $input) {
    ... on PreviewEventCancellationSuccess { preview { token } } } }`;
  const { token } = await insist(
    async () => (await organizer.ask(preview, { input: { eventId } })).previewEventCancellation.preview,
  );
  const decision = { eventId, token, refundFees: true, reason: 'A test' };
  const cancel = `mutation ($input: CancelEventInput!) { cancelEvent(input: $input) {
    ... on CancelEventSuccess { event { status } } } }`;
  await insist(async () => (await organizer.ask(cancel, { input: decision })).cancelEvent.event);
  await paid.reach('CANCELLED', 'REFUNDED');
  await unpaid.reach('CANCELLED', 'PAYMENT_FAILED');
}

async function joinRoom(fan: Fan): Promise<void> {
  const { eventId } = await seedRoom(scenes.db, undefined);
  const input = { eventId: encodeGlobalId('Event', eventId) };
  const place = await insist(async () => (await fan.ask(joinMutation, { input })).joinWaitingRoom.place);
  const again = await insist(async () => (await fan.ask(joinMutation, { input })).joinWaitingRoom.place);
  expect(again.ordinal).toBe(place.ordinal);
}

/** A message that no consumer understands: each parks it. */
async function publishNonsense(): Promise<void> {
  const id = randomUUIDv7();
  await sql`insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
    values (${id}, 'booking', ${id}, 'Nonsense', ${id}, '{"type":"Nonsense"}')`;
}

/** Each journey that a fan may make, to its end. */
async function journey(organizer: Fan): Promise<void> {
  const event = await scenes.event(4);
  const fan = await insist(() => signInAsGuest(system.apiUrl));
  await publishNonsense();
  await Promise.all([buyAndCancel(fan, event, 0), changeMind(fan, event, 1), forget(fan, event, 2), joinRoom(fan)]);
  await cancelWithEvent(fan, organizer);
}

/** The process dies at each of its failpoints in turn, and starts again each time, at last without a failpoint. */
async function dieEverywhere(name: FailpointProcess): Promise<string[]> {
  const survived: string[] = [];
  await system.kill(name);
  for (const failpoint of failpoints[name]) {
    await before[failpoint]?.();
    // It may die before it is ready.
    await system.start(name, { FRONTROW_FAILPOINT: failpoint }).catch(() => {});
    const outcome = await Promise.race([
      system.ended(name),
      sleep(REACHED_WITHIN_MS, 'alive' as const, { ref: false }),
    ]);
    if (outcome !== 'SIGKILL') survived.push(`${name} did not come to ${failpoint}: ${outcome}`);
    if (outcome === 'alive') await system.kill(name);
  }
  await system.start(name);
  return survived;
}

test('each process dies at each of its failpoints under persistent fans, and every journey ends correctly', async () => {
  const organizer = await signIn(system.apiUrl, await signUp(system.apiUrl));
  let walking = true;
  let journeys = 0;
  const fans = Array.from({ length: 2 }, async () => {
    while (walking) {
      await journey(organizer);
      journeys += 1;
    }
  });
  // The claims of the dead payments process are released here at once.
  const leases = setInterval(() => void scenes.endLeases(), 500);
  const names = Object.keys(failpoints) as FailpointProcess[];
  const survived = await Promise.all(names.map(dieEverywhere));
  walking = false;
  await Promise.all(fans);
  clearInterval(leases);
  expect(survived.flat()).toEqual([]);
  expect(journeys).toBeGreaterThanOrEqual(fans.length);

  // Each consumer of bookings parked the nonsense, and nothing else.
  const unread = () => sql`select from event_log.positions c join event_log.partitions p using (topic, partition)
    where c."offset" < p.next_offset`;
  await expect.poll(unread, { timeout: 30_000 }).toEqual([]);
  const parked = await listParked(sql);
  expect(new Set(parked.map(({ group }) => group))).toEqual(
    new Set(['follow-bookings', 'follow-checkouts', 'push-changes']),
  );
  for (const { group, firstId: id, firstType, messages } of parked) {
    expect({ firstType, messages }).toEqual({ firstType: 'Nonsense', messages: 1 });
    await dropParked(sql, { id, group }, { by: 'a test', reason: 'nonsense' });
  }
  await scenes.expectAllInvariants(30_000);
}, 400_000);
