import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { bookingCreated, openPaymentsWorld } from '#test/support/payments/payments-world.ts';
import { settleDuePayments } from './settle-due-payments.ts';

const NAME = 'settler';
/** An idle settler looks again 10 s after a look. */
const BEFORE_THE_NEXT_LOOK_MS = 7_000;

const world = await openPaymentsWorld();
const db = openDb({ url: world.databaseUrl, poolMax: 2, name: NAME });
afterAll(async () => {
  await closeDb(db);
  await world.close();
});

/** The statements that the connections of the settler ran last, without those under way. */
async function lastStatements(): Promise<string> {
  const rows = await world.sql<{ query: string }[]>`
    select query from pg_stat_activity
    where datname = current_database() and application_name = ${NAME} and state = 'idle'`;
  return rows.map(({ query }) => query).join('\n');
}

test('settles a payment when it is woken, and not only at its next look', async () => {
  const { gateway, policy } = world;
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const settler = settleDuePayments({ db, gateway, policy }, { kind: 'PROMISED', concurrency: 2, log });
  const ending = new AbortController();
  const running = settler.run(ending.signal);
  try {
    await expect.poll(lastStatements).toContain('next_check_at');
    const created = bookingCreated();
    const status = async () => (await world.payment(created.aggregateId)).status;
    // Makes the payment due without a wake-up of this settler.
    await world.arrives(created);
    expect(await status()).toBe('CREATING_SESSION');
    settler.wake();
    await expect.poll(status, { timeout: BEFORE_THE_NEXT_LOOK_MS }).toBe('SESSION_CREATED');
  } finally {
    ending.abort();
    await running;
  }
});
