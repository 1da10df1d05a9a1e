import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import type { System } from '#test/support/system/system.ts';

/** All failures during a rush; the gateway fails until it is over. Resolves when all failures have ended. */
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

/** Before the first write. */
export async function refuseNowAndThen({ bookingUrl, paymentsUrl }: System): Promise<void> {
  await Promise.all([
    // The first notices get an error, twice each, and must be sent again.
    refuseInserts(paymentsUrl, 'notices', 'n <= 16'),
    // A message has no effect, and must be handled again.
    refuseInserts(paymentsUrl, 'payments', 'n % 4 = 2 and n < 100'),
    // The relay cannot append, and must not continue.
    refuseInserts(bookingUrl, 'event_log.messages', 'n % 10 = 3 and n < 300'),
  ]);
}

/**
 * A table that refuses rows at times. It reveals code that reports, acknowledges or marks a row as handled before
 * the row exists, for which a cut connection would have to hit within milliseconds.
 * @param when of `n`, the number of the insert, whether or not the earlier ones succeeded
 */
async function refuseInserts(url: string, table: string, when: string): Promise<void> {
  const sql = postgres(url, { max: 1, connection: { application_name: 'storm' }, onnotice: () => undefined });
  const name = `inserts_into_${table.replace('.', '_')}`;
  try {
    // A sequence does not go back with the transaction. The code is that of a temporary failure of the server, so
    // that consumers wait and park nothing.
    await sql.unsafe(`create sequence ${name};
      create function ${name}() returns trigger language plpgsql as $$
        declare n bigint := nextval('public.${name}');
        begin if ${when} then raise exception 'refused by the storm' using errcode = '53300'; end if; return null; end $$;
      create trigger ${name} before insert on ${table} execute function ${name}()`);
  } finally {
    await sql.end();
  }
}

/** Connections of the product end in the middle of their work, as when a server or a network fails. */
async function cutConnections(system: System, until: number, isStill: () => boolean): Promise<void> {
  const sql = postgres(system.bookingUrl, {
    max: 1,
    connection: { application_name: 'storm' },
    onnotice: () => undefined,
  });
  const databases = [system.bookingUrl, system.paymentsUrl].map((url) => new URL(url).pathname.slice(1));
  try {
    while (performance.now() < until && isStill()) {
      // A transaction under way is the best target. The checks of a rush have connections of their own, which stay.
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname in ${sql(databases)} and application_name !~ '^(storm|postgres.js|test|frontrow-invariants)'
        order by state = 'active' desc, random() limit 2`;
      await sleep(CUT_EVERY_MS * (0.5 + Math.random()));
    }
  } finally {
    await sql.end();
  }
}

/** Money is reported when the hold may have ended, and twice; every other answer is lost. */
const TROUBLE = { duplicateWebhooks: 1, fail500AfterActing: 3, delayWebhooksMs: 500 };

async function troubleGateway(call: ReturnType<typeof merchantCall>, isStill: () => boolean): Promise<void> {
  while (isStill()) {
    await call('PUT', '/v1/trouble', TROUBLE);
    await sleep(400);
  }
}

/** Lost, rebuilt, and then back with very old data. */
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
