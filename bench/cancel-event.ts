import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { cancelEvent } from '#domain/cancellation/cancel-event.ts';
import { type Cancellation, findCancellation } from '#domain/cancellation/cancellation-queries.ts';
import type { CancellationFigures } from '#domain/cancellation/figures-rules.ts';
import { previewEventCancellation } from '#domain/cancellation/preview-event-cancellation.ts';
import { openRights } from '#domain/organization/rights.ts';
import { openRedis } from '#redis/client.ts';
import { openPubSub } from '#redis/pubsub.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { cpuBetween, sampleCpu } from '#test/support/system/cpu.ts';
import { figure } from '#test/support/system/figures.ts';
import { seedHolds } from './support/many-holds.ts';
import { openOurWorker, type RunningWorker } from './support/our-worker.ts';
import type { BenchOptions, Report } from './support/report.ts';
import { openStores, type Stores } from './support/stores.ts';

const BOOKINGS = 50_000;
const MOST_S = 60;
const GIVE_UP_MS = 300_000;
const LOOK_EVERY_MS = 50;
/** Both processes die when so large a part of the bookings has ended. */
const DEATHS = [0.15, 0.45, 0.75];

type Leg = {
  readonly name: string;
  readonly bookings: number;
  readonly deaths: number;
  readonly previewMs: number;
  readonly cancelMs: number;
  /** From the answer of cancelEvent until the last booking had ended. */
  readonly tookMs: number;
  readonly cpu: ReadonlyMap<string, number>;
};

/** Measures how long the bookings of a cancelled event need to end, undisturbed and while processes are killed. */
export async function benchCancelEvent({ quick, only }: BenchOptions): Promise<Report> {
  const stores = await openStores();
  const bookings = quick ? BOOKINGS / 10 : BOOKINGS;
  const scenarios = [
    { name: 'undisturbed', deaths: [] },
    { name: 'all processes killed three times', deaths: DEATHS },
  ].filter(({ name }) => name.includes(only ?? ''));
  try {
    const violations: string[] = [];
    const legs: Leg[] = [];
    for (const scenario of scenarios) legs.push(await runLeg(stores, { ...scenario, bookings, violations }));
    return reportOf(stores, legs, violations);
  } finally {
    await stores.close();
  }
}

type Scenario = {
  readonly name: string;
  readonly deaths: readonly number[];
  readonly bookings: number;
  readonly violations: string[];
};

async function runLeg(stores: Stores, { name, deaths, bookings, violations }: Scenario): Promise<Leg> {
  const { db, databaseUrl, redisUrl } = stores;
  const event = await seedPaid(db, bookings);
  const start = () => openOurWorker({ databaseUrl, redisUrl }, ['cancel-events']);
  const workers = [await start(), await start()];
  const watched = [...stores.watched, ...workers.map(({ pid }, index) => ({ role: `worker ${index}`, pid }))];
  const before = sampleCpu(watched);
  const cancelled = await cancel(stores, event);
  const startedAt = performance.now();
  for (const part of deaths) {
    await until(db, event, ({ done }) => done >= part * bookings);
    for (const { pid } of workers.splice(0)) process.kill(pid, 'SIGKILL');
    workers.push(await start(), await start());
  }
  const end = await until(db, event, ({ finishedAt }) => finishedAt !== null);
  const tookMs = performance.now() - startedAt;
  const cpu = deaths.length > 0 ? new Map<string, number>() : cpuBetween(before, sampleCpu(watched));
  await Promise.all(workers.map((one: RunningWorker) => one.close()));
  violations.push(...(await findBroken(db, event, { bookings, end, ...cancelled })).map((what) => `${name}: ${what}`));
  const { previewMs, cancelMs } = cancelled;
  return { name, bookings, deaths: deaths.length, previewMs, cancelMs, tookMs, cpu };
}

async function cancel({ db, redisUrl }: Stores, { eventId, organizerId }: SeededEvent) {
  const redis = openRedis({ url: redisUrl, name: 'bench' });
  const pubsub = openPubSub({ url: redisUrl, name: 'bench' });
  const needs = { db, redis, rights: openRights({ db, pubsub }) };
  const actor = { userId: organizerId };
  const beganAt = performance.now();
  const { token, figures } = await previewEventCancellation(needs, actor, eventId);
  const previewedAt = performance.now();
  await cancelEvent(needs, actor, { eventId, token, refundFees: true, reason: 'A bench' });
  const cancelMs = performance.now() - previewedAt;
  needs.rights.close();
  await pubsub.close();
  redis.disconnect();
  return { figures, previewMs: previewedAt - beganAt, cancelMs };
}

async function until(db: Db, { eventId }: SeededEvent, isSo: (now: Cancellation) => boolean): Promise<Cancellation> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    const now = await findCancellation({ db }, eventId);
    if (now && isSo(now)) return now;
    if (performance.now() > deadline) throw new Error('The bookings have not ended after minutes.');
    await sleep(LOOK_EVERY_MS);
  }
}

/** An event whose bookings of two seats are paid, as the inventory writer would leave them, without their messages. */
async function seedPaid(db: Db, bookings: number): Promise<SeededEvent> {
  await db.execute(sql`truncate bookings, booking_seats, event_seats, tickets, outbox`);
  const [event] = await seedHolds(db, { seatsAt: [2 * bookings], seatsPerBooking: 2 });
  if (!event) throw new Error('One event was seeded.');
  const { eventId } = event;
  await db.execute(sql`
    update bookings set status = 'CONFIRMED', payment_status = 'PAYMENT_SUCCESS', confirmed_at = now()
    where event_id = ${eventId}`);
  await db.execute(sql`update event_seats set status = 'BOOKED', hold_expires_at = null where event_id = ${eventId}`);
  await db.execute(sql`update seat_inventories set booked = held, held = 0 where event_id = ${eventId}`);
  await db.execute(sql`
    insert into tickets (id, booking_id, event_id, seat_no, code)
    select gen_random_uuid(), booking_id, event_id, seat_no, gen_random_uuid()::text from booking_seats
    where event_id = ${eventId}`);
  await db.execute(sql`vacuum analyze bookings, booking_seats, event_seats, seat_inventories, tickets`);
  return event;
}

type Expected = { readonly bookings: number; readonly end: Cancellation; readonly figures: CancellationFigures };

async function findBroken(db: Db, { eventId }: SeededEvent, { bookings, end, figures }: Expected): Promise<string[]> {
  const [found] = await db.execute<Record<string, number>>(sql`
    select
      (select count(*) from bookings where event_id = ${eventId} and status = 'CANCELLED')::int as cancelled,
      (select count(*) from tickets where event_id = ${eventId} and voided_at is null)::int as valid,
      (select count(*) from event_seats where event_id = ${eventId} and status <> 'AVAILABLE')::int as taken,
      (select count(*) from outbox where event_id = ${eventId} and type = 'BookingCancelled'
        and (payload ->> 'refundDue')::boolean)::int as messages,
      (select count(distinct aggregateid) from outbox where event_id = ${eventId}
        and type = 'BookingCancelled')::int as announced,
      (select asked_minor from event_cancellations where event_id = ${eventId})::float8 as asked,
      (select count(*) from seat_inventories where event_id = ${eventId}
        and (booked <> 0 or available <> capacity))::int as wrong`);
  const wanted = { cancelled: bookings, valid: 0, taken: 0, messages: bookings, announced: bookings, wrong: 0 };
  const shown = { ...found, done: end.done, previewed: figures.bookings };
  const promised = { ...wanted, asked: figures.onlineMinor, done: bookings, previewed: bookings };
  return Object.entries(promised).flatMap(([name, value]) => {
    const is = (shown as Record<string, number>)[name];
    return is === value ? [] : [`${name} is ${is}, not ${value}`];
  });
}

function reportOf(stores: Stores, legs: readonly Leg[], violations: readonly string[]): Report {
  const cpuOf = ({ cpu, bookings }: Leg, name: string) => {
    const used = [...cpu].flatMap(([role, us]) => (role.startsWith(name) ? [us] : []));
    return used.length > 0 ? figure(used.reduce((sum, us) => sum + us, 0) / bookings) : '';
  };
  return {
    question: 'How long do the bookings of a cancelled event need to end?',
    tables: [
      {
        title: `one event, ${figure(legs[0]?.bookings ?? 0)} paid bookings of two seats`,
        head: ['', 'preview ms', 'cancelEvent ms', 'all ended after s', 'bookings/s', 'workers us', 'PostgreSQL us'],
        rows: legs.map((leg) => [
          leg.name,
          figure(leg.previewMs),
          figure(leg.cancelMs),
          figure(leg.tookMs / 1000),
          figure((1000 * leg.bookings) / leg.tookMs),
          cpuOf(leg, 'worker'),
          cpuOf(leg, 'PostgreSQL'),
        ]),
      },
    ],
    goals: legs.map(({ name, tookMs }) => ({
      name: `${name}: all bookings have ended within ${MOST_S} s`,
      goal: 1,
      measured: (1000 * MOST_S) / tookMs,
    })),
    violations,
    notes: [
      'Two worker processes of the product with the worker `cancel-events`; one has the job, the other waits. The time runs from the answer of `cancelEvent`. Refunds are the part of the payments service and of the gateway, and are not in it.',
      `Killed: both processes die by SIGKILL when ${DEATHS.map((part) => `${100 * part} %`).join(', ')} of the bookings have ended, and two others start. They go on when the lease of 5 s has ended.`,
      'After each leg SQL showed: each booking is CANCELLED with exactly one message that asks for its refund, no ticket is valid, no seat is taken, the counters equal the rows, and the number of bookings and the sum of the refunds are those of the preview.',
      'CPU: microseconds per booking of the worker processes and of PostgreSQL with all its processes.',
    ],
    packages: ['drizzle-orm', 'postgres', 'ioredis'],
    servers: stores.description,
  };
}
