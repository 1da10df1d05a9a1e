import { randomUUIDv7 } from 'node:crypto';
import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import type { Message } from '#events/log/log.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { createBookingDatabase } from './support/databases.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 1 });
const log = openPostgresLog({ url: database.url, name: 'runbooks' });
afterAll(async () => {
  await Promise.all([log.close(), sql.end()]);
  await database.drop();
});

/** The first block of SQL after a heading of a runbook. */
function blockOf(page: string, heading: string): string {
  const text = readFileSync(new URL(`../docs/runbooks/${page}`, import.meta.url), 'utf8');
  const [, block] = /```sql\n([\s\S]*?)```/.exec(text.slice(text.indexOf(`## ${heading}`))) ?? [];
  if (block === undefined) throw new Error(`${page} has no SQL under "${heading}".`);
  return block;
}

const someMessages = (key: string, count: number) =>
  Array.from({ length: count }, (_, number) => ({
    id: randomUUIDv7(),
    topic: 'payment' as const,
    key,
    event: { number },
    createdAt: new Date(),
  }));

function startGroup(group: string, handle: (message: Message) => void) {
  const ending = new AbortController();
  const { signal } = ending;
  const running = log.consume({
    group,
    topics: ['payment'],
    signal,
    handle: async (message) => handle(message),
    onTrouble: () => {},
  });
  return async () => {
    ending.abort();
    await running;
  };
}

test('parked messages are handed over again in order, also those that the log has forgotten, and others are left alone', async () => {
  const [key, otherKey] = [randomUUIDv7(), randomUUIDv7()];
  const messages = someMessages(key, 5);
  await log.append([...messages, ...someMessages(otherKey, 3)]);
  const parkedOf = async (group: string) =>
    (await sql<{ id: string }[]>`select id from event_log.parked where consumer_group = ${group}`).map(({ id }) => id);
  const refuse = ({ event }: Message) => {
    if ((event as { number: number }).number === 1) throw new Error('a defect');
  };
  const stops = ['follow-payments', 'another'].map((group) => startGroup(group, refuse));
  // Four of the one event, two of the other, for each of the groups.
  await expect.poll(() => parkedOf('follow-payments'), { timeout: 10_000 }).toHaveLength(6);
  await expect.poll(() => parkedOf('another'), { timeout: 10_000 }).toHaveLength(6);
  for (const stop of stops) await stop();
  await sql`delete from event_log.messages where id = ${messages[1]?.id ?? ''}`;

  await sql.unsafe(blockOf('parked-messages.md', 'Hand them over again').replaceAll('<group>', 'follow-payments'));
  const handled: Message[] = [];
  const stop = startGroup('follow-payments', (message) => void handled.push(message));
  const numbersOf = (wanted: string) =>
    handled.filter((message) => message.key === wanted).map(({ event }) => (event as { number: number }).number);
  await expect.poll(() => numbersOf(key).slice(-4), { timeout: 10_000 }).toEqual([1, 2, 3, 4]);
  await expect.poll(() => numbersOf(otherKey).slice(-2), { timeout: 10_000 }).toEqual([1, 2]);
  await stop();
  expect(await parkedOf('follow-payments')).toEqual([]);
  expect(await parkedOf('another')).toHaveLength(6);
});

test('the questions about a waiting room that stands still can be asked', async () => {
  const page = readFileSync(new URL('../docs/runbooks/waiting-room-stuck.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks).toHaveLength(5);
  for (const block of blocks) await sql.unsafe(block.replaceAll('<event>', randomUUIDv7()));
});
