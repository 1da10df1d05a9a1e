import { randomUUIDv7 } from 'node:crypto';
import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { createBookingDatabase } from '#test/support/databases/databases.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 1 });
afterAll(async () => {
  await sql.end();
  await database.drop();
});

test('the queries of the runbook about a stuck waiting room run', async () => {
  const page = readFileSync(new URL('../docs/runbooks/waiting-room-stuck.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks).toHaveLength(5);
  for (const block of blocks) await sql.unsafe(block.replaceAll('<event>', randomUUIDv7()));
});
