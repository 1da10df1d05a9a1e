import { randomUUIDv7 } from 'node:crypto';
import type postgres from 'postgres';
import { expect, test } from 'vitest';
import { DependencyAway, type EventLog, type Message, type NewMessage } from './log.ts';
import { listParked, requestReplay } from './parked-administration.ts';

/**
 * What every implementation of the port guarantees.
 * @param open returns a log on the same store each time
 * @param sql the booking database, where messages are parked
 */
export function eventLogConformance(open: () => Promise<EventLog>, sql: postgres.Sql): void {
  test('every group handles everything that was appended, in order per key', async () => {
    await using log = await opened(open);
    const messages = someMessages(500, 7);
    await log.append(messages.slice(0, 200));
    const groups = ['a', 'b'].map((name) => startGroup(log, name + randomUUIDv7()));
    await log.append(messages.slice(200));
    for (const group of groups) {
      await group.until(messages.length);
      expectOrderPerKey(messages, group.handled);
      await group.stop();
    }
  });

  test('a message that is appended again has one effect and keeps its place, for a consumer with an inbox', async () => {
    await using log = await opened(open);
    const messages = someMessages(60, 3);
    const inbox = new Set<string>();
    const group = startGroup(log, randomUUIDv7(), {
      only: messages,
      before: ({ id }) => {
        if (inbox.has(id)) throw new SeenBefore();
        inbox.add(id);
      },
    });
    // As a relay does that does not know whether its append succeeded.
    await log.append(messages.slice(0, 20));
    await log.append(messages.slice(0, 40));
    await log.append(messages.slice(10, 30));
    await log.append(messages.slice(20));
    await log.append(messages.slice(0, 5));
    await group.until(60);
    const [last] = someMessages(1, 1).map((message) => ({ ...message, key: messages[0]?.key ?? '' }));
    if (!last) throw new Error('unreachable');
    await log.append([last]);
    await group.hasSeen(last);
    expect(group.handled.length).toBe(60);
    expectOrderPerKey(messages, group.handled);
    await group.stop();
  });

  test('a message carries the request that caused it, if there is one', async () => {
    await using log = await opened(open);
    const origins = [
      { requestId: 'request-of-this-test', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      { requestId: 'another-request', traceparent: undefined },
      undefined,
    ];
    const messages = someMessages(3, 1).map((message, index) => ({ ...message, origin: origins[index] }));
    await log.append(messages);
    const group = startGroup(log, randomUUIDv7(), { only: messages });
    await group.until(3);
    expect(group.handled.map(({ origin }) => origin)).toEqual(origins);
    await group.stop();
  });

  test('reports what a group has not read, when the log can', async () => {
    await using log = await opened(open);
    const name = randomUUIDv7();
    const messages = someMessages(12, 3);
    await log.append(messages);
    const group = startGroup(log, name, { only: messages });
    await group.until(12);
    const unread = async () =>
      (await log.lag?.())?.find((one) => one.group === name && one.topic === 'booking')?.unread;
    if (log.lag) await expect.poll(unread, { timeout: 20_000 }).toBe(0);
    await group.stop();
    await log.append(someMessages(5, 2));
    if (log.lag) await expect.poll(unread, { timeout: 20_000 }).toBe(5);
  });

  test('a group that stopped continues where it was', async () => {
    await using log = await opened(open);
    const messages = someMessages(60, 5);
    const name = randomUUIDv7();
    await log.append(messages.slice(0, 30));
    const first = startGroup(log, name, { only: messages });
    await first.until(30);
    await first.stop();
    await log.append(messages.slice(30));
    const second = startGroup(log, name, { only: messages });
    await second.until(30);
    expect(new Set(second.handled.map((message) => message.id))).toEqual(
      new Set(messages.slice(30).map(({ id }) => id)),
    );
    await second.stop();
  });

  test('two processes of a group share the messages, and the order per key stays', async () => {
    await using one = await opened(open);
    await using two = await opened(open);
    const messages = someMessages(400, 11);
    const name = randomUUIDv7();
    const handled: Message[] = [];
    const groups = [
      startGroup(one, name, { only: messages, handled }),
      startGroup(two, name, { only: messages, handled }),
    ];
    for (let i = 0; i < 400; i += 40) await one.append(messages.slice(i, i + 40));
    await groups[0]?.until(400);
    expectOrderPerKey(messages, handled);
    for (const group of groups) await group.stop();
  });

  test('a message that fails three times is parked with the later ones of its key; other keys flow', async () => {
    await using log = await opened(open);
    const [poison, follower, other] = [
      ...someMessages(2, 1),
      ...someMessages(1, 1).map((message) => ({ ...message, key: randomUUIDv7() })),
    ];
    if (!poison || !follower || !other) throw new Error('unreachable');
    await log.append([poison, follower, other]);
    let attempts = 0;
    const parked = Promise.withResolvers<void>();
    const handled: string[] = [];
    const ending = new AbortController();
    const running = log.consume({
      group: randomUUIDv7(),
      topics: ['booking'],
      signal: ending.signal,
      handle: async ({ id }) => {
        if (id === poison.id) {
          attempts += 1;
          throw new Error('poison');
        }
        if (id === follower.id || id === other.id) handled.push(id);
      },
      onTrouble: ({ kind, message }) => {
        if (kind === 'parked' && message?.id === poison.id) parked.resolve();
      },
    });
    await parked.promise;
    await waitFor(() => handled.includes(other.id));
    ending.abort();
    await running;
    expect(attempts).toBe(3);
    expect(handled).toEqual([other.id]);
  });

  test('parked messages are delivered again on request, in order with messages that arrive meanwhile', async () => {
    await using one = await opened(open);
    await using two = await opened(open);
    const messages = someMessages(120, 2);
    const group = randomUUIDv7();
    let repaired = false;
    const handled: Message[] = [];
    const consumption = {
      only: messages,
      handled,
      before: ({ id }: Message) => {
        if (id === messages[2]?.id && !repaired) throw new Error('a defect');
      },
    };
    const consumers = [one, two].map((log) => startGroup(log, group, consumption));
    await one.append(messages.slice(0, 20));
    await expect
      .poll(() => listParked(sql, { group }), { timeout: 20_000 })
      // More when the log repeats handled messages: they wait behind as well, and the inbox recognizes them.
      .toMatchObject([{ messages: expect.toSatisfy((count) => count >= 9), firstId: messages[2]?.id, failures: 1 }]);
    expect(new Set(handled.map(({ id }) => id)).size).toBe(11);
    repaired = true;
    const asking = requestReplay(sql, { group }, 'a test');
    for (let i = 20; i < 120; i += 5) await two.append(messages.slice(i, i + 5));
    await asking;
    await consumers[0]?.until(120);
    expectOrderPerKey(messages, handled);
    await expect.poll(() => listParked(sql, { group })).toEqual([]);
    for (const consumer of consumers) await consumer.stop();
  });

  test('messages that are there together are handled together, in order per key; one that fails is isolated', async () => {
    await using log = await opened(open);
    const messages = someMessages(120, 4);
    const poison = messages[50];
    const [sizes, set] = [[] as number[], new Set<string>()];
    await log.append(messages);
    const group = startGroup(log, randomUUIDv7(), {
      only: messages,
      before: ({ id }) => {
        if (id === poison?.id) throw new Error('poison');
      },
      together: (together) => {
        sizes.push(together.length);
        if (together.some(({ id }) => id === poison?.id)) throw new Error('The set has a poisonous message.');
        for (const { id } of together) set.add(id);
        return together;
      },
    });
    const behind = messages.filter(({ key }, index) => key === poison?.key && index > 50);
    await group.until(119 - behind.length);
    await expect.poll(() => listParked(sql, { id: poison?.id ?? '' })).toMatchObject([{ messages: 1 + behind.length }]);
    await group.stop();
    expectOrderPerKey(
      messages.filter(({ id }) => id !== poison?.id && !behind.some((one) => one.id === id)),
      group.handled,
    );
    expect(Math.max(...sizes)).toBeGreaterThan(20);
    expect(set.size).toBeGreaterThan(60);
  });

  test('of a set, what was not handled is delivered again, behind nothing of its key', async () => {
    await using log = await opened(open);
    const messages = someMessages(80, 2);
    const [left] = messages;
    await log.append(messages);
    const together = (set: readonly Message[]) => set.filter(({ key }) => key !== left?.key);
    const group = startGroup(log, randomUUIDv7(), { only: messages, together });
    await group.until(80);
    await group.stop();
    expectOrderPerKey(messages, group.handled);
  });

  test('while a dependency is away no message is parked and none is skipped', async () => {
    await using log = await opened(open);
    const messages = someMessages(10, 2);
    await log.append(messages);
    let away = true;
    const group = startGroup(log, randomUUIDv7(), {
      only: messages,
      before: () => {
        if (away) throw new DependencyAway('not yet');
      },
    });
    await waitFor(() => group.troubles.some((kind) => kind === 'away'));
    expect(group.handled).toEqual([]);
    away = false;
    await group.until(10);
    expectOrderPerKey(messages, group.handled);
    expect(group.troubles).not.toContain('parked');
    await group.stop();
  });
}

async function opened(open: () => Promise<EventLog>): Promise<EventLog & AsyncDisposable> {
  const log = await open();
  return { ...log, [Symbol.asyncDispose]: () => log.close() };
}

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

class SeenBefore extends Error {}

type GroupOptions = {
  only?: readonly NewMessage[];
  handled?: Message[];
  before?: (message: Message) => void;
  /** Takes messages together. Returns those that it handled. */
  together?: (messages: readonly Message[]) => readonly Message[];
};

/** Counts the messages of `only` (of all when it is undefined) that reach one consumer. */
function startGroup(log: EventLog, group: string, { only, handled = [], before, together }: GroupOptions = {}) {
  const ending = new AbortController();
  const wanted = only && new Set(only.map(({ id }) => id));
  const troubles: string[] = [];
  const seen = new Set<string>();
  const running = log.consume({
    group,
    topics: ['booking'],
    signal: ending.signal,
    handle: async (message) => {
      seen.add(message.id);
      if (wanted && !wanted.has(message.id)) return;
      try {
        before?.(message);
      } catch (error) {
        if (error instanceof SeenBefore) return;
        throw error;
      }
      handled.push(message);
    },
    ...(together && {
      handleTogether: async (messages) => {
        const done = together(messages);
        handled.push(...done.filter(({ id }) => !wanted || wanted.has(id)));
        return new Set(done.map(({ id }) => id));
      },
    }),
    onTrouble: ({ kind }) => troubles.push(kind),
  });
  return {
    handled,
    troubles,
    until: (count: number) => waitFor(() => new Set(handled.map(({ id }) => id)).size >= count),
    hasSeen: ({ id }: NewMessage) => waitFor(() => seen.has(id)),
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

function expectOrderPerKey(sent: readonly NewMessage[], handled: readonly Message[]): void {
  const seen = new Set<string>();
  const firsts = handled.filter(({ id }) => !seen.has(id) && seen.add(id));
  const order = (messages: readonly NewMessage[]) =>
    Object.fromEntries(
      [...Map.groupBy(messages, ({ key }) => key)].map(([key, lane]) => [key, lane.map(({ id }) => id)]).sort(),
    );
  const ids = new Set(sent.map(({ id }) => id));
  expect(order(firsts.filter(({ id }) => ids.has(id)))).toEqual(order(sent));
}

async function waitFor(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 20_000, interval: 10 }).toBe(true);
}
