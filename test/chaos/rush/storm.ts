import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { merchantCall } from '#test/support/sandbox-gateway.ts';
import type { System } from '#test/support/system.ts';

/** Everything that goes wrong during a rush; the gateway is in trouble until it is over. Resolves when all trouble has ended. */
export async function storm(system: System, durationMs: number, isOver: () => boolean): Promise<void> {
  const call = merchantCall(system.gatewayUrl);
  const isStill = () => !isOver();
  await Promise.all([
    cutConnections(system, performance.now() + durationMs * 0.6, isStill),
    troubleGateway(call, isStill),
    troubleRedis(system.redisUrl, durationMs, isStill),
  ]);
  await call('DELETE', '/v1/trouble');
}

const CUT_EVERY_MS = 200;

/** Before anybody writes. */
export async function refuseNowAndThen({ bookingUrl, paymentsUrl }: System): Promise<void> {
  await Promise.all([
    // The first notices are answered with an error, twice each, and must be told again.
    refuseInserts(paymentsUrl, 'notices', 'n <= 16'),
    // A message has no effect, and must be handled again.
    refuseInserts(paymentsUrl, 'payments', 'n % 4 = 2 and n < 100'),
    // The relay can't append, and must not go on.
    refuseInserts(bookingUrl, 'event_log.messages', 'n % 10 = 3 and n < 300'),
  ]);
}

/**
 * A table that takes no rows at times. What was told of, acknowledged or marked as handled before a row was there is lost
 * then, where a cut connection would have to meet some milliseconds.
 * @param when of `n`, the number of the insert, whether or not the ones before it came to anything
 */
async function refuseInserts(url: string, table: string, when: string): Promise<void> {
  const sql = postgres(url, { max: 1, connection: { application_name: 'storm' }, onnotice: () => undefined });
  const name = `inserts_into_${table.replace('.', '_')}`;
  try {
    // A sequence does not go back with the transaction. The code is one of a server that can't for the moment, so that
    // consumers wait and set nothing aside.
    await sql.unsafe(`create sequence ${name};
      create function ${name}() returns trigger language plpgsql as $$
        declare n bigint := nextval('public.${name}');
        begin if ${when} then raise exception 'refused by the storm' using errcode = '53300'; end if; return null; end $$;
      create trigger ${name} before insert on ${table} execute function ${name}()`);
  } finally {
    await sql.end();
  }
}

/** Connections of the product end in the middle of what they do, as when a server or a network fails. */
async function cutConnections(system: System, until: number, isStill: () => boolean): Promise<void> {
  const sql = postgres(system.bookingUrl, {
    max: 1,
    connection: { application_name: 'storm' },
    onnotice: () => undefined,
  });
  const databases = [system.bookingUrl, system.paymentsUrl].map((url) => new URL(url).pathname.slice(1));
  try {
    while (performance.now() < until && isStill()) {
      // A transaction under way is worth most.
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname in ${sql(databases)} and application_name !~ '^(storm|postgres.js|test)'
        order by state = 'active' desc, random() limit 2`;
      await sleep(CUT_EVERY_MS * (0.5 + Math.random()));
    }
  } finally {
    await sql.end();
  }
}

/** Money is told of when the hold may have ended since, and twice; every other answer is lost. */
const TROUBLE = { duplicateWebhooks: 1, fail500AfterActing: 3, delayWebhooksMs: 500 };

async function troubleGateway(call: ReturnType<typeof merchantCall>, isStill: () => boolean): Promise<void> {
  while (isStill()) {
    await call('PUT', '/v1/trouble', TROUBLE);
    await sleep(400);
  }
}

/** Lost, rebuilt, and then back with what it had long ago. */
async function troubleRedis(url: string, durationMs: number, isStill: () => boolean): Promise<void> {
  const redis = new Redis(url);
  try {
    await whileIt(isStill, durationMs * 0.25);
    const keys = [EPOCH, ...(await redis.keys(seatLock('*', 0).replace(/0$/, '*')))];
    const dump = await Promise.all(keys.map(async (key) => [key, await redis.get(key)] as const));
    await whileIt(isStill, durationMs * 0.15);
    await redis.flushdb();
    await whileIt(isStill, durationMs * 0.3);
    const back = redis.multi().flushdb();
    for (const [key, value] of dump) if (value !== null) back.set(key, value, 'PX', 60_000);
    await back.exec();
  } finally {
    redis.disconnect();
  }
}

async function whileIt(isStill: () => boolean, ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (isStill() && performance.now() < until) await sleep(50);
}
