import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { bookingCreated } from '#test/support/payments/payments-world.ts';
import { giveTo, mountSmallDisk, type SmallDisk } from '#test/support/servers/small-disk.ts';
import { type Certificate, openCertificates, openTlsWay } from '#test/support/servers/tls-way.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/**
 * Outages that once caused messages to be parked, one after the other, while the payments process reads messages.
 * Its database is reached by a name, over TLS, with a password, and lies on a disk of its own.
 */
const HOST = 'payments-db.test';
const role = `outages_${randomBytes(4).toString('hex')}`;

let system: System;
let folder: string;
let disk: SmallDisk | undefined;
let database: TestDatabase;
let way: Awaited<ReturnType<typeof openTlsWay>>;
let certificates: Awaited<ReturnType<typeof openCertificates>>;
let right: Certificate;
let admin: postgres.Sql;
let booking: postgres.Sql;
let log: ReturnType<typeof openPostgresLog>;

const names = (known: readonly string[]) => writeFile(join(folder, 'hosts'), known.join('\n'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-outages-'));
  await names([HOST]);
  database = await createPaymentsDatabase();
  admin = postgres(database.url, { max: 2, onnotice: () => undefined });
  await admin.unsafe(`create role ${role} superuser login password 'first'`);
  disk = await mountSmallDisk(48);
  if (disk) await onDisk(disk);
  certificates = await openCertificates();
  right = await certificates.make(HOST);
  const { hostname, port } = new URL(database.url);
  way = await openTlsWay({ target: { host: hostname, port: Number(port) }, speaks: 'postgresql' }, right);
  const url = new URL(database.url);
  Object.assign(url, { username: role, password: 'first', hostname: HOST, port: String(way.port) });
  url.searchParams.set('sslmode', 'verify-full');
  system = await startSystem({
    processes: ['payments'],
    env: {
      PAYMENTS_DATABASE_URL: url.href,
      NODE_OPTIONS: `--import=${resolve(import.meta.dirname, '../support/network/host-names.ts')}`,
      FRONTROW_TEST_HOSTS: join(folder, 'hosts'),
      NODE_EXTRA_CA_CERTS: right.file,
    },
  });
  booking = postgres(system.bookingUrl, { max: 1, onnotice: () => undefined });
  log = openPostgresLog({ url: system.bookingUrl, name: 'test', poolMax: 1 });
});

afterAll(async () => {
  await log?.close();
  await system?.stop();
  await way?.close();
  await booking?.end();
  await admin?.end();
  await database?.drop();
  await dropRole();
  await disk?.remove();
  await certificates?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Moves the tables of payments there. The log of the server stays, so that the server survives a full disk. */
async function onDisk({ path }: SmallDisk): Promise<void> {
  const [server] = await admin<{ folder: string }[]>`select current_setting('data_directory') as folder`;
  const space = join(path, 'space');
  await mkdir(space);
  await giveTo(path, server?.folder ?? '');
  await giveTo(space, server?.folder ?? '');
  await asServer(async (sql) => {
    await sql.unsafe(`create tablespace ${role} location '${space}'`);
    await admin.end();
    await sql.unsafe(`alter database "${new URL(database.url).pathname.slice(1)}" set tablespace ${role}`);
  });
  admin = postgres(database.url, { max: 2, onnotice: () => undefined });
}

async function dropRole(): Promise<void> {
  await asServer(async (sql) => {
    await sql.unsafe(`drop tablespace if exists ${role}`);
    await sql.unsafe(`drop role if exists ${role}`);
  });
}

async function asServer(work: (sql: postgres.Sql) => Promise<void>): Promise<void> {
  const url = new URL(database.url);
  url.pathname = '/postgres';
  const sql = postgres(url.href, { max: 1, onnotice: () => undefined });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

/** Appends bookings, each of another event, as the relay does. */
async function book(count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => bookingCreated({ lines: lines() }));
  await log.append(
    events.map((event) => ({ id: randomUUIDv7(), topic: 'booking', key: event.eventId, event, createdAt: new Date() })),
  );
  return events.map(({ aggregateId }) => aggregateId);
}

/** Enough for a new page of the database every few payments. */
const lines = () => Array.from({ length: 30 }, () => ({ label: randomBytes(30).toString('hex'), amountMinor: 1 }));

const ready = async () => {
  const response = await fetch(`${system.metricsUrl('payments')}/ready?verbose`);
  const { dependencies } = (await response.json()) as { dependencies: Record<string, { reason?: string }> };
  return { status: response.status, reason: dependencies.messages?.reason ?? '' };
};

async function untilHandled(bookingIds: readonly string[]): Promise<void> {
  const missing = async () => {
    const rows = await admin<
      { id: string }[]
    >`select booking_id as id from payments where booking_id in ${admin(bookingIds)}`;
    return bookingIds.length - rows.length;
  };
  await expect.poll(missing, { timeout: 40_000, interval: 200 }).toBe(0);
  await expect.poll(async () => (await ready()).status).toBe(200);
}

const parked = async () => (await booking`select from event_log.parked`).length;
const failures = async () => {
  const found = /frontrow_messages_total\{worker="follow-bookings",outcome="away"\} (\d+)/.exec(
    await system.metrics('payments'),
  );
  return Number(found?.[1] ?? 0);
};
const waits = async (cause: string) => {
  const metric = `frontrow_waiting_messages{worker="follow-bookings",cause="${cause}"}`;
  return (await system.metrics('payments')).split('\n').some((line) => line.startsWith(metric));
};

type Outage = { cause: string; reason: RegExp; begin: () => Promise<unknown>; end: () => Promise<unknown> };

/** Messages arrive before, during and after the outage; all are handled, and none is parked. */
async function survives({ cause, reason, begin, end }: Outage): Promise<void> {
  const before = await book(5);
  await untilHandled(before);
  const failuresBefore = await failures();
  await begin();
  const during = await book(20);
  await expect.poll(ready, { timeout: 40_000 }).toMatchObject({ status: 503, reason: expect.stringMatching(reason) });
  expect(await waits(cause)).toBe(true);
  // Each was tried more than three times, which once was enough to park it.
  await expect.poll(async () => (await failures()) - failuresBefore, { timeout: 60_000 }).toBeGreaterThan(3 * 20);
  expect(await parked()).toBe(0);
  await end();
  const after = await book(5);
  await untilHandled([...during, ...after]);
  expect(await parked()).toBe(0);
}

test('the host name of the payments database loses its address', async () => {
  await survives({
    cause: 'name-resolution',
    reason: /PAYMENTS_DATABASE_URL has no address \(ENOTFOUND, payments-db\.test\)/,
    begin: async () => {
      await names([]);
      way.cut();
    },
    end: () => names([HOST]),
  });
});

test('the server shows a certificate that no CA vouches for', async () => {
  const wrong = await certificates.make(HOST);
  await survives({
    cause: 'tls',
    reason: /PAYMENTS_DATABASE_URL fails \((DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)/,
    begin: async () => way.show(wrong),
    end: async () => way.show(right),
  });
});

test('the password is changed before the process starts again', async () => {
  await survives({
    cause: 'credentials',
    reason: /refuses the user, password or key in PAYMENTS_DATABASE_URL \(28P01\)/,
    begin: async () => {
      await admin.unsafe(`alter role ${role} password 'second'`);
      await system.kill('payments', 'SIGTERM');
      await system.start('payments');
      expect(system.lines.join('\n')).toContain('refuses the user, password or key in PAYMENTS_DATABASE_URL');
    },
    end: () => admin.unsafe(`alter role ${role} password 'first'`),
  });
});

test('a grant is missing for a while', async () => {
  await survives({
    cause: 'permission',
    reason: /PAYMENTS_DATABASE_URL lacks a permission \(42501\)/,
    begin: async () => {
      await admin.unsafe(`alter role ${role} nosuperuser`);
      way.cut();
    },
    end: async () => {
      await admin.unsafe(`alter role ${role} superuser`);
      way.cut();
    },
  });
});

test('the disk of the payments database is full', async ({ skip }) => {
  if (!disk) return skip();
  const full = disk;
  await survives({
    cause: 'disk-full',
    reason: /The disk of the server of PAYMENTS_DATABASE_URL is full \(53100\)/,
    begin: () => full.fill(),
    end: () => full.free(),
  });
});
