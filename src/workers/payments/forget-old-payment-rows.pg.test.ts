import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { forgetOldPaymentRows } from './forget-old-payment-rows.ts';

const database = await createPaymentsDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

test('deletes old rows, except a notice that still waits for its payment, at any age', async () => {
  const daysAgo = (days: number) => sql`now() - make_interval(days => ${days})`;
  for (const days of [1, 40]) {
    await db.execute(sql`
      insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload, created_at)
      values (${randomUUIDv7()}, 'payment', 'a', 'PaymentFailed', ${randomUUIDv7()}, '{}', ${daysAgo(days)})`);
    await db.execute(
      sql`insert into inbox (consumer, message_id, handled_at) values ('a', ${String(days)}, ${daysAgo(days)})`,
    );
  }
  for (const [id, handled] of [
    ['handled', daysAgo(40)],
    ['waiting', sql`null`],
  ] as const) {
    await db.execute(sql`
      insert into notices (gateway, gateway_event_id, type, occurred_at, received_at, handled_at)
      values ('sandbox', ${id}, 'SESSION_PAID', ${daysAgo(40)}, ${daysAgo(40)}, ${handled})`);
  }
  await forgetOldPaymentRows.run({ db }, { signal: new AbortController().signal });
  expect(await db.execute(sql`select count(*)::int as rows from outbox`)).toEqual([{ rows: 1 }]);
  expect(await db.execute(sql`select message_id from inbox`)).toEqual([{ message_id: '1' }]);
  expect(await db.execute(sql`select gateway_event_id as id from notices`)).toEqual([{ id: 'waiting' }]);
});
