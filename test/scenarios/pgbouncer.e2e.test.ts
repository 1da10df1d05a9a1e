import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { findPooling } from '#db/pooling.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingWhen, createBooking, decideAt, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { type PgBouncer, startPgBouncer } from '#test/support/databases/pgbouncer.ts';
import { systemPrograms } from '#test/support/servers/system-programs.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

const programs = await systemPrograms('pgbouncer');

describe.runIf(programs)('behind PgBouncer', { timeout: 240_000 }, () => {
  let databases: { booking: TestDatabase; payments: TestDatabase };
  let pgbouncer: PgBouncer;
  let system: System;

  beforeAll(async () => {
    databases = { booking: await createBookingDatabase(), payments: await createPaymentsDatabase() };
    const servers = { booking: databases.booking.url, payments: databases.payments.url };
    pgbouncer = await startPgBouncer(programs?.pgbouncer ?? '', servers);
    const { booking, payments, pooled } = pgbouncer.urls;
    system = await startSystem({
      databases,
      env: { DATABASE_URL: booking, PAYMENTS_DATABASE_URL: payments, DATABASE_POOLED_URL: pooled, LOG_LEVEL: 'warn' },
      processes: ['gateway-sandbox', 'payments', 'worker', 'api'],
    });
    // The relay replicates, which this PgBouncer does not support, so it uses the servers' own addresses.
    await system.start('relay', { DATABASE_URL: servers.booking, PAYMENTS_DATABASE_URL: servers.payments });
  });
  afterAll(async () => {
    await system?.stop();
    await pgbouncer?.stop();
  });

  test('a fan holds, pays and gets tickets with every process but the relay behind it, api in transaction mode', async () => {
    const db = openDb({ url: databases.booking.url, poolMax: 2, name: 'test' });
    const event = await seedEvent(db, { seats: 20, cancellableForSeconds: 3600 });
    await closeDb(db);
    const before = await pgbouncer.transactions();
    const fan = await signInAsGuest(system.apiUrl);
    const seatIds = event.seatIds(3, 4).map((id) => encodeGlobalId('Seat', id));
    const held = await createBooking(fan, encodeGlobalId('Event', event.eventId), seatIds);
    const ready = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
    await decideAt(ready.payment.url, 'pay');
    const confirmed = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'CONFIRMED');
    expect(confirmed.tickets).toHaveLength(2);
    await expectAllInvariants(system);
    const after = await pgbouncer.transactions();
    for (const name of ['frontrow_booking', 'frontrow_booking_pooled', 'frontrow_payments'])
      expect(after[name], name).toBeGreaterThan(before[name] ?? 0);
  });

  test('session limits hold behind it: Frontrow’s own in session mode, those of the pool in transaction mode', async () => {
    const limitOf = async (url: string, pooling: 'session' | 'transaction') => {
      const db = openDb({ url, poolMax: 1, name: 'test', statementTimeoutMs: 7_000, pooling });
      const [row] = await db.execute(sql`select current_setting('statement_timeout') as limit`);
      await closeDb(db);
      return row?.limit;
    };
    expect(await limitOf(pgbouncer.urls.booking, 'session')).toBe('7s');
    expect(await limitOf(pgbouncer.urls.pooled, 'transaction')).toBe('5s');
  });

  test('the pooler in between is detected', async () => {
    expect(await findPooling(databases.booking.url, 'test')).toBe('session');
    expect(await findPooling(pgbouncer.urls.booking, 'test')).toBe('session');
    expect(await findPooling(pgbouncer.urls.pooled, 'test')).toBe('transaction');
  });

  test('an api with only a pool in transaction mode holds seats, and logs the cost', async () => {
    await system.start('api-2', { DATABASE_URL: pgbouncer.urls.pooled, DATABASE_POOLED_URL: '' });
    const db = openDb({ url: databases.booking.url, poolMax: 2, name: 'test' });
    const event = await seedEvent(db, { seats: 40, cancellableForSeconds: 3600 });
    await closeDb(db);
    const fans = await Promise.all(Array.from({ length: 20 }, () => signInAsGuest(system.secondApiUrl)));
    const held = await Promise.all(
      fans.map((fan, seatNo) => {
        const seatIds = event.seatIds(seatNo).map((id) => encodeGlobalId('Seat', id));
        return createBooking(fan, encodeGlobalId('Event', event.eventId), seatIds);
      }),
    );
    expect(new Set(held.map(({ __typename }) => __typename))).toEqual(new Set(['CreateBookingSuccess']));
    expect(system.lines.find((line) => line.startsWith('api-2') && line.includes('transaction mode'))).toContain(
      'DATABASE_POOLED_URL',
    );
    const { data } = await post(system.secondApiUrl, { query: '{ searchEvents(first: 1) { totalCount } }' });
    expect(data.searchEvents.totalCount).toBeGreaterThan(0);
  });

  test.each(['worker', 'relay', 'payments'])(
    '%s ends at the start if its database is a pool in transaction mode',
    async (name) => {
      const env = { ...system.env, DATABASE_URL: pgbouncer.urls.pooled };
      const child = spawn(process.execPath, [`src/processes/${name}.ts`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text) => {
          said += text;
        });
      const [code] = await once(child, 'close');
      expect(code).toBe(1);
      expect(said).toContain('DATABASE_URL: it leads through a pooler in transaction mode');
    },
  );
});
