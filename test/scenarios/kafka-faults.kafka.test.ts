import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import { tracingChannel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { EventLog, NewMessage } from '#events/log/log.ts';
import { type EventLogConfig, openEventLog } from '#events/log/open-log.ts';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { consumeIntoEffects, createEffects } from '#test/support/databases/effects.ts';
import { newPrefix, testKafka } from '#test/support/kafka/kafka.ts';

const kafka = await testKafka();
const patience = { timeout: 60_000, interval: 50 };

describe.runIf(kafka)('a Kafka that fails in the middle', () => {
  let database: TestDatabase;
  let effects: Awaited<ReturnType<typeof createEffects>>;
  beforeAll(async () => {
    database = await createBookingDatabase();
    effects = await createEffects(database.url);
  });
  afterAll(async () => {
    await effects.close();
    await database.drop();
  });
  const configOf = (brokers = kafka?.brokers ?? []): EventLogConfig => {
    return { kind: 'kafka', brokers, prefix: newPrefix(), replicationFactor: undefined, parkingUrl: database.url };
  };

  /** Another member of the group, with a log of its own. */
  const join = async (config: EventLogConfig, consumer: string) => {
    const log = await openEventLog(config, 'test');
    const ending = new AbortController();
    let count = 0;
    const consuming = consumeIntoEffects({ log, url: database.url, consumer, signal: ending.signal }, () => {
      count += 1;
    });
    const leave = async () => {
      ending.abort();
      await consuming;
    };
    onTestFinished(async () => {
      await leave();
      await log.close();
    });
    return { log, leave, handled: () => count };
  };

  test('a broker that is killed twice and comes back on its data loses nothing', async () => {
    const folder = await mkdtemp(joinPath(tmpdir(), 'frontrow-kafka-'));
    const at = { dataDir: folder, log: () => undefined, durable: false, disposableDir: folder };
    let broker = await startKafka(at);
    onTestFinished(async () => {
      await broker.stop();
      await rm(folder, { recursive: true, force: true });
    });
    const { log, handled } = await join(configOf([broker.url]), 'killed-broker');
    const messages = someMessages(1200, 9);
    for (let start = 0; start < messages.length; start += 30) {
      const appending = appendAsRelay(log, messages.slice(start, start + 30));
      if (start === 300 || start === 750) {
        await expect.poll(handled, patience).toBeGreaterThan(start / 3);
        process.kill(broker.pid, 'SIGKILL');
        await broker.exited;
        broker = await startKafka({ ...at, port: broker.port });
      }
      await appending;
    }
    await expect.poll(() => effects.count('killed-broker'), patience).toBe(messages.length);
    expect(await effects.mistakes('killed-broker', messages)).toEqual([]);
  });

  test('a killed consumer process loses nothing and does nothing twice', async () => {
    const config = configOf();
    const messages = someMessages(60_000, 11);
    const consumer = 'killed-consumer';
    const { log, handled } = await join(config, consumer);
    const other = startConsumer(config, { url: database.url, consumer });
    const appended: NewMessage[] = [];
    const append = async (isEnough: () => boolean) => {
      while (!isEnough() && appended.length < messages.length) {
        const next = messages.slice(appended.length, appended.length + 10);
        await log.append(next);
        appended.push(...next);
      }
    };
    // By then both have a share of the partitions, also when the other process is slow to start.
    await append(() => other.handled() > 100);
    expect(other.handled()).toBeGreaterThan(100);
    other.child.kill('SIGKILL');
    const more = appended.length + 500;
    await Promise.all([once(other.child, 'exit'), append(() => appended.length >= more)]);
    await expect.poll(() => effects.count(consumer), patience).toBe(appended.length);
    expect(await effects.mistakes(consumer, appended)).toEqual([]);
    expect(handled()).toBeGreaterThan(0);
  });

  test('members that join and leave under load lose nothing and do nothing twice', async () => {
    const config = configOf();
    const messages = someMessages(3000, 13);
    const { log, leave } = await join(config, 'rebalanced');
    const members = [leave];
    for (let start = 0; start < messages.length; start += 20) {
      await log.append(messages.slice(start, start + 20));
      if (start % 600 === 0) members.push((await join(config, 'rebalanced')).leave);
      if (start % 600 === 300) await members.shift()?.();
    }
    await expect.poll(() => effects.count('rebalanced'), patience).toBe(messages.length);
    expect(await effects.mistakes('rebalanced', messages)).toEqual([]);
  });

  test('a slow handler keeps the remaining messages in the brokers, not in memory', async () => {
    const log = await openEventLog(configOf(), 'test');
    const text = 'x'.repeat(1000);
    const messages = someMessages(20_000, 50).map((message) => ({ ...message, event: { text } }));
    await log.append(messages);
    let fetched = 0;
    const received = tracingChannel('plt:kafka:consumer:receives');
    const count = () => {
      fetched += 1;
    };
    received.start.subscribe(count);
    const gate = Promise.withResolvers<void>();
    const handled = new Set<string>();
    const ending = new AbortController();
    onTestFinished(async () => {
      received.start.unsubscribe(count);
      gate.resolve();
      ending.abort();
      await consuming;
      await log.close();
    });
    const consuming = log.consume({
      group: 'slow',
      topics: ['booking'],
      signal: ending.signal,
      handle: async ({ id }) => {
        await gate.promise;
        handled.add(id);
      },
      onTrouble: () => undefined,
    });
    await expect.poll(() => fetched, patience).toBeGreaterThan(500);
    let before: number;
    do {
      before = fetched;
      await new Promise((resolve) => setTimeout(resolve, 1500));
    } while (fetched > before);
    // A buffer of a thousand, plus the messages of one request of a megabyte.
    expect(fetched).toBeLessThan(4000);
    gate.resolve();
    await expect.poll(() => handled.size, patience).toBe(messages.length);
  });
});

function someMessages(count: number, keys: number): NewMessage[] {
  const names = Array.from({ length: keys }, () => randomUUIDv7());
  return Array.from({ length: count }, (_, position) => ({
    id: randomUUIDv7(),
    topic: 'booking',
    key: names[position % keys] ?? '',
    event: { position },
    createdAt: new Date(),
  }));
}

/** Repeats messages until they are known to be durable. */
async function appendAsRelay(log: EventLog, messages: readonly NewMessage[]): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const isDone = await log.append(messages).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
  throw new Error('The log takes nothing any more.');
}

/** A process of its own that is a member of the group. */
function startConsumer(config: EventLogConfig, at: { url: string; consumer: string }) {
  const file = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const source = `
    const { openEventLog } = await import(${file('../../src/events/log/open-log.ts')});
    const { consumeIntoEffects } = await import(${file('../support/databases/effects.ts')});
    const log = await openEventLog(${JSON.stringify(config)}, 'test-process');
    const signal = new AbortController().signal;
    await consumeIntoEffects({ log, signal, ...${JSON.stringify(at)} }, () => process.stdout.write('.'));`;
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let handled = 0;
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout?.on('data', (chunk: Buffer) => {
    handled += chunk.length;
  });
  return { child, handled: () => handled };
}
