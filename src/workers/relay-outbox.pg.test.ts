import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import type { NewMessage } from '#events/log/log.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { relayOutbox, relaySlot } from './relay-outbox.ts';

const database = await createPaymentsDatabase();
const sql = postgres(database.url, { max: 8 });
afterAll(async () => {
  await sql.end();
  await database.drop();
});

/** An event log that stores every append, repeats included. */
function recordingLog(failures: () => boolean = () => false) {
  const appended: NewMessage[] = [];
  const append = async (messages: readonly NewMessage[]) => {
    if (failures()) throw new Error('the log is away');
    appended.push(...messages);
  };
  return { appended, append };
}

function startRelay(append: (messages: readonly NewMessage[]) => Promise<void>) {
  const ending = new AbortController();
  const states: string[] = [];
  const running = relayOutbox({
    url: database.url,
    slot: relaySlot(database.url),
    log: { append },
    signal: ending.signal,
    onState: (state) => states.push(state),
  });
  return {
    states,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

async function write(events: readonly { key: string; position: number }[], db: postgres.ISql = sql): Promise<string[]> {
  const rows = events.map(({ key, position }) => ({
    id: randomUUIDv7(),
    aggregatetype: 'payment',
    aggregateid: key,
    type: 'PaymentFailed',
    event_id: key,
    payload: { position, version: position } as never,
    request_id: `request-${position}`,
  }));
  await db`insert into outbox ${db(rows)}`;
  return rows.map(({ id }) => id);
}

const firsts = (messages: readonly NewMessage[]) => [
  ...new Map(messages.map((message) => [message.id, message])).keys(),
];

test('relays rows that were written before there was a slot', async () => {
  const key = randomUUIDv7();
  const ids = await write([1, 2, 3].map((position) => ({ key, position })));
  const log = recordingLog();
  const relay = startRelay(log.append);
  await expect.poll(() => firsts(log.appended)).toEqual(ids);
  await expect.poll(() => relay.states).toContain('replayed');
  const [later = ''] = await write([{ key, position: 4 }]);
  await expect.poll(() => firsts(log.appended)).toContain(later);
  expect(log.appended.map(({ origin }) => origin?.requestId)).toEqual([1, 2, 3, 4].map((n) => `request-${n}`));
  await relay.stop();
});

test('does not skip a transaction that commits late', async () => {
  const log = recordingLog();
  const relay = startRelay(log.append);
  const key = randomUUIDv7();
  const late = Promise.withResolvers<void>();
  let lateIds: string[] = [];
  const slow = sql.begin(async (tx) => {
    lateIds = await write([{ key, position: 0 }], tx);
    await late.promise;
  });
  const early = await write([{ key, position: 1 }]);
  await expect.poll(() => firsts(log.appended).includes(early[0] ?? '')).toBe(true);
  late.resolve();
  await slow;
  await expect.poll(() => firsts(log.appended).includes(lateIds[0] ?? '')).toBe(true);
  await relay.stop();
});

test('loses no message when the log fails, a connection is cut or the relay is stopped', async () => {
  let count = 0;
  const log = recordingLog(() => ++count % 3 === 0);
  let relay = startRelay(log.append);
  const keys = Array.from({ length: 4 }, () => randomUUIDv7());
  const ids: string[] = [];
  for (let round = 0; round < 12; round++) {
    ids.push(...(await write(keys.map((key) => ({ key, position: round })))));
    if (round % 4 === 1) {
      await sql`select pg_terminate_backend(active_pid) from pg_replication_slots where active and slot_name = ${relaySlot(database.url)}`;
    }
    if (round % 4 === 3) {
      await relay.stop();
      relay = startRelay(log.append);
    }
  }
  await expect.poll(() => ids.filter((id) => !firsts(log.appended).includes(id))).toEqual([]);
  for (const key of keys) {
    const positions = [
      ...new Map(log.appended.filter((message) => message.key === key).map((m) => [m.id, m])).values(),
    ];
    expect(positions.map(({ event }) => (event as { position: number }).position)).toEqual([...Array(12).keys()]);
  }
  await relay.stop();
});

test('can stop a relay that waits for its slot behind an open transaction', async () => {
  const other = await createPaymentsDatabase();
  const open = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await write([{ key: randomUUIDv7(), position: 0 }], tx);
    begun.resolve();
    await open.promise;
  });
  await begun.promise;
  const ending = new AbortController();
  const states: string[] = [];
  const running = relayOutbox({
    url: other.url,
    slot: relaySlot(other.url),
    log: { append: async () => {} },
    signal: ending.signal,
    onState: (state) => states.push(state),
  });
  await expect
    .poll(
      async () =>
        (await sql`select from pg_stat_activity where query like '%pg_create_logical%' and pid <> pg_backend_pid()`)
          .length,
    )
    .toBeGreaterThan(0);
  ending.abort();
  await running;
  expect(states).not.toContain('streaming');
  open.resolve();
  await holding;
  await other.drop();
});

test('a standby takes over when the active relay stops', async () => {
  const log = recordingLog();
  const active = startRelay(log.append);
  await expect.poll(() => active.states).toContain('streaming');
  const standby = startRelay(log.append);
  await expect.poll(() => standby.states).toContain('standby');
  await active.stop();
  await expect.poll(() => standby.states).toContain('streaming');
  const ids = await write([{ key: randomUUIDv7(), position: 1 }]);
  await expect.poll(() => firsts(log.appended).includes(ids[0] ?? '')).toBe(true);
  await standby.stop();
});

test('does not relay acknowledged messages again', async () => {
  const log = recordingLog();
  const relay = startRelay(log.append);
  const ids = await write([{ key: randomUUIDv7(), position: 1 }]);
  await expect.poll(() => firsts(log.appended).includes(ids[0] ?? '')).toBe(true);
  const [written] = await sql`select pg_current_wal_insert_lsn() as lsn`;
  await expect
    .poll(async () => {
      const [slot] = await sql`
          select confirmed_flush_lsn >= ${written?.lsn}::pg_lsn as ok
          from pg_replication_slots where slot_name = ${relaySlot(database.url)}`;
      return slot?.ok;
    })
    .toBe(true);
  await relay.stop();
  const again = recordingLog();
  const next = startRelay(again.append);
  const later = await write([{ key: randomUUIDv7(), position: 2 }]);
  await expect.poll(() => firsts(again.appended).includes(later[0] ?? '')).toBe(true);
  expect(firsts(again.appended)).not.toContain(ids[0]);
  await next.stop();
});
