import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { createBooking, signInAsGuest } from '#test/fans/fan.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let admin: postgres.Sql;

beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  const server = Object.assign(new URL(system.bookingUrl), { pathname: '/postgres' });
  admin = postgres(server.href, { max: 1, onnotice: () => undefined });
});

afterAll(async () => {
  await admin?.end();
  if (db) await closeDb(db);
  await system?.stop();
});

/** As on a standby: every statement that writes is refused with 25006. */
async function setReadOnly(isReadOnly: boolean): Promise<void> {
  const name = new URL(system.bookingUrl).pathname.slice(1);
  await admin.unsafe(`alter database "${name}" set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
}

async function ready() {
  const response = await fetch(`${system.metricsUrl('api')}/ready?verbose`);
  return { ...((await response.json()) as object), status: response.status };
}

const upInMetrics = async () =>
  /^frontrow_dependency_up\{dependency="booking-writes"\} (\S+)$/m.exec(await system.metrics('api'))?.[1];

test('an api whose writes alone fail stays ready for searches, and names the cause until a write succeeds', async () => {
  const event = await seedEvent(db, { seats: 4 });
  const fan = await signInAsGuest(system.apiUrl);
  const [id, seatIds] = [encodeGlobalId('Event', event.eventId), [encodeGlobalId('Seat', event.seatIds(0)[0] ?? '')]];
  const hold = () => createBooking(fan, id, seatIds, 'one-key');
  expect(await ready()).toMatchObject({ status: 200, dependencies: { 'booking-writes': { state: 'up' } } });

  await setReadOnly(true);
  await expect.poll(async () => (await hold()).__typename).toBe('TryAgain');
  const reason = expect.stringMatching(
    /^Writes fail since 20\S+Z: The server of DATABASE_URL refuses writes \(25006\)/,
  );
  await expect.poll(ready).toMatchObject({
    status: 200,
    dependencies: { 'booking-database': { state: 'up' }, 'booking-writes': { state: 'down', reason } },
  });
  await expect.poll(upInMetrics).toBe('0');
  const { node } = await fan.ask('query ($id: ID!) { node(id: $id) { ... on Event { title } } }', { id });
  expect(node.title).toEqual(expect.any(String));

  await setReadOnly(false);
  await expect.poll(async () => (await hold()).__typename).toBe('CreateBookingSuccess');
  expect(await ready()).toMatchObject({ status: 200, dependencies: { 'booking-writes': { state: 'up' } } });
  await expect.poll(upInMetrics).toBe('1');
});
