import { afterAll, expect, test } from 'vitest';
import { createPaymentsDatabase } from '#test/support/databases.ts';
import { openRawClient } from './client.ts';
import { isConnectionFailure } from './pg-errors.ts';

const database = await createPaymentsDatabase();
afterAll(() => database.drop());

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a connection that PostgreSQL ended answers with an error, again and again, and kills nothing', async () => {
  const sql = openRawClient({ url: database.url, poolMax: 2, name: 'ended' });
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const reserved = await sql.reserve();
  const [backend] = await reserved`select pg_backend_pid() as pid`;
  await killer`select pg_terminate_backend(${backend?.pid})`;
  for (let i = 0; i < 3; i++) expect(isConnectionFailure(await refusal(reserved`select 1`))).toBe(true);
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end({ timeout: 0 });
  await killer.end();
});

test('a pool whose backends are ended under load goes on, and every statement is answered', async () => {
  const sql = openRawClient({ url: database.url, poolMax: 4, name: 'stormy' });
  const killer = openRawClient({ url: database.url, poolMax: 1, name: 'killer' });
  const answers: ('ok' | 'connection' | 'other')[] = [];
  for (let round = 0; round < 10; round++) {
    const statements = Array.from({ length: 20 }, () =>
      refusal(
        sql.begin(async (tx) => {
          await tx`select pg_sleep(0.002)`;
          await tx`select pg_sleep(0.002)`;
        }),
      ),
    );
    await killer`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stormy'`;
    for (const error of await Promise.all(statements)) {
      if (error === undefined) answers.push('ok');
      else answers.push(isConnectionFailure(error) ? 'connection' : 'other');
    }
  }
  expect(answers).toHaveLength(200);
  expect(answers).not.toContain('other');
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
  await killer.end();
});
