import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bookingCreated, openPaymentsWorld, type PaymentsWorld } from '#test/support/payments/payments-world.ts';
import { claimDuePayments, findNextDueMs, giveBack, selectDue } from './claim-due-payments.ts';

let world: PaymentsWorld;
beforeAll(async () => {
  world = await openPaymentsWorld();
});
afterAll(() => world.close());

const due = { kind: 'PROMISED', limit: 10 } as const;

test('no other process takes a claimed payment until its lease ends', async () => {
  const created = bookingCreated();
  await world.arrives(created);
  const both = await Promise.all([claimDuePayments(world, due), claimDuePayments(world, due)]);
  expect(both.flat().map(({ bookingId }) => bookingId)).toEqual([created.aggregateId]);
  expect(await claimDuePayments(world, due)).toEqual([]);
  await world.sql`update payments set next_check_at = now() where booking_id = ${created.aggregateId}`;
  expect(await world.settle()).toEqual(['SESSION_OPENED']);
});

test('claims never exceed the limit, and together they cover all due payments', async () => {
  const all = Array.from({ length: 30 }, () => bookingCreated());
  await Promise.all(all.map((one) => world.arrives(one)));
  const claims = await Promise.all(Array.from({ length: 10 }, () => claimDuePayments(world, { ...due, limit: 3 })));
  expect(Math.max(...claims.map(({ length }) => length))).toBeLessThanOrEqual(3);
  const taken = claims.flat();
  for (let more = taken; more.length > 0; taken.push(...more)) more = await claimDuePayments(world, due);
  const ids = taken.map(({ bookingId }) => bookingId);
  expect(new Set(ids)).toEqual(new Set(all.map(({ aggregateId }) => aggregateId)));
  expect(ids).toHaveLength(all.length);
});

test('giving a claim back does not undo what made the payment due meanwhile', async () => {
  await world.sql`delete from payments`;
  await world.arrives(bookingCreated());
  const [claimed] = await claimDuePayments(world, due);
  if (!claimed) throw new Error('Nothing was due.');
  await giveBack(world, claimed, 60);
  expect(await findNextDueMs(world, 'PROMISED')).toBeGreaterThan(30_000);
  await world.sql`update payments set next_check_at = now()`;
  await giveBack(world, claimed, 60);
  expect(await findNextDueMs(world, 'PROMISED')).toBe(0);
  expect(await findNextDueMs(world, 'OPEN_TOO_LONG')).toBeUndefined();
});

test.each(['PROMISED', 'OPEN_TOO_LONG'] as const)('finds due payments through their index: %s', async (kind) => {
  const plan = await world.db.transaction(async (tx) => {
    await tx.execute(sql`set local enable_seqscan = off`);
    return tx.execute(sql`explain ${selectDue(world.db, { kind, limit: 10 })}`);
  });
  expect(JSON.stringify(plan)).toContain('payments_owed');
});
