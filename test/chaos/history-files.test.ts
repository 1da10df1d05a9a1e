import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ack, type HistoryRecord, instant, wallToInstant } from './history.ts';
import { openAckLog, openHistory, readAcks, readHistory } from './history-files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontrow-history-'));
});
afterEach(() => rm(folder, { recursive: true }));

const frame = (subscription: string, at: number): HistoryRecord => {
  return { kind: 'seatFrame', subscription, at, event: 'e', fromVersion: 0, toVersion: 1 };
};
const ack = (booking: string, at: number): Ack => ({ at, what: 'held', booking, user: 'u', event: 'e' });

test('records of several processes are read in the order in which they ended', async () => {
  const [one, other] = [openHistory(folder, 'one'), openHistory(folder, 'other')];
  for (let at = 0; at < 1_000; at += 2) one.write(frame('one', at));
  for (let at = 1; at < 1_000; at += 2) other.write(frame('other', at));
  one.close();
  other.close();
  const records = await Array.fromAsync(readHistory(folder));
  expect(records.map((record) => ('at' in record ? record.at : -1))).toEqual([...Array(1_000).keys()]);
});

test('an acknowledgement can be read as soon as it is durable, and a torn line is not one', async () => {
  const log = openAckLog(folder, 'clients');
  await Promise.all([log.write(ack('a', 1)), log.write(ack('b', 2))]);
  await log.write(ack('c', 3));
  appendFileSync(join(folder, 'clients.acks.jsonl'), '{"at":4,"what":"he');
  expect((await Array.fromAsync(readAcks(folder))).map(({ booking }) => booking)).toEqual(['a', 'b', 'c']);
  await log.close();
});

test('a broken line in the middle of a file is not skipped', async () => {
  appendFileSync(join(folder, 'clients.acks.jsonl'), `{"at":4,"what":"he\n${JSON.stringify(ack('a', 1))}\n`);
  await expect(Array.fromAsync(readAcks(folder))).rejects.toThrow();
});

test('a wall clock and the machine’s instants advance together', () => {
  // A test that is interrupted between two readings reads again: it requires that they can be so close.
  const readings = Array.from({ length: 50 }, () => Math.abs(Date.now() + wallToInstant - instant()));
  expect(Math.min(...readings)).toBeLessThan(2);
});
