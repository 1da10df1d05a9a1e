import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { bookingCreated, openPaymentsWorld } from '#test/support/payments/payments-world.ts';
import { claimDuePayments } from './claim-due-payments.ts';
import { settlePayment } from './settle-payment.ts';

const world = await openPaymentsWorld();
const proxy = await openFaultProxy(world.databaseUrl);
const db = openDb({ url: proxy.through(world.databaseUrl), poolMax: 2, name: 'payments-test' });
afterAll(async () => {
  await closeDb(db);
  await proxy.close();
  await world.close();
});

test('a payment whose step failed in an outage of its database is due when the outage ends, not when its lease ends', async () => {
  const created = bookingCreated();
  await world.arrives(created);
  const { gateway, policy } = world;
  const [claimed] = await claimDuePayments({ db, policy }, { kind: 'PROMISED', limit: 1 });
  if (!claimed) throw new Error('The payment is not due.');
  proxy.set({ kind: 'reset' });
  const settling = settlePayment({ db, gateway, policy }, claimed, new AbortController().signal).catch(String);
  await sleep(700);
  proxy.set({ kind: 'pass' });
  expect(await settling).toMatch(/ECONNRESET|CONNECTION_|Failed query/);
  expect(await world.settle()).toEqual(['SESSION_OPENED']);
  expect(await world.sessionsOf(created.aggregateId)).toHaveLength(1);
});
