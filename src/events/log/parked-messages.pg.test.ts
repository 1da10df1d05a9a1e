import { randomInt, randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { type Consumption, DependencyAway, type Message } from './log.ts';
import { dropParked, listParked, listParkedActions, requestReplay, showParked } from './parked-administration.ts';
import { deliverOrPark, replayParked } from './parked-messages.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 24, onnotice: () => {} });
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

let offset = 0;
const messageOf = (key: string): Message => {
  offset += 1;
  const origin = { requestId: `request-${offset}`, traceparent: undefined };
  return {
    id: randomUUIDv7(),
    topic: 'booking',
    key,
    event: { offset },
    createdAt: new Date(),
    origin,
    partition: 0,
    offset,
  };
};
const messagesOf = (key: string, count: number) => Array.from({ length: count }, () => messageOf(key));

type Handler = (message: Message) => Promise<void> | void;

/** One group as its processes see it: a batch from the log, and the processes that deliver parked messages again. */
function groupOf(handle: Handler, group: string = randomUUIDv7()) {
  const stopping = new AbortController();
  const consumption: Consumption = {
    group,
    topics: ['booking'],
    handle: async (message) => handle(message),
    signal: stopping.signal,
    onTrouble: () => {},
  };
  const replayers: Promise<void>[] = [];
  ending.push(async () => {
    stopping.abort();
    await Promise.all(replayers);
  });
  return {
    group,
    bring: (messages: readonly Message[]) => sql.begin((tx) => deliverOrPark(tx, consumption, messages)),
    startReplaying: () => void replayers.push(replayParked(sql, consumption)),
    parked: () => listParked(sql, { group }),
  };
}

/** Fails for the messages of `broken`; records the others. */
function recorder(broken: Set<string>) {
  const handled: string[] = [];
  return {
    handled,
    handle: ({ id }: Message) => {
      if (broken.has(id)) throw new Error(`a defect at ${id}`);
      handled.push(id);
    },
  };
}

const idsOf = (messages: readonly Message[]) => messages.map(({ id }) => id);

test('later messages of the key wait behind, in later batches and other processes as well; other keys and groups flow', async () => {
  const [key, other] = [randomUUIDv7(), randomUUIDv7()];
  const lane = messagesOf(key, 4);
  const others = messagesOf(other, 2);
  const { handled, handle } = recorder(new Set([lane[1]?.id ?? '']));
  const group = groupOf(handle);
  const outcomes = await group.bring([...lane.slice(0, 3), ...others]);
  expect(outcomes.get(lane[2]?.id ?? '')).toMatchObject({ outcome: 'park' });
  await group.bring(lane.slice(3));
  expect(handled.toSorted()).toEqual(idsOf([...lane.slice(0, 1), ...others]).toSorted());
  expect(await group.parked()).toMatchObject([{ key, messages: 3, firstId: lane[1]?.id, failures: 1 }]);
  const elsewhere = recorder(new Set());
  await groupOf(elsewhere.handle).bring(lane);
  expect(elsewhere.handled).toEqual(idsOf(lane));
});

test('a message that the log brings again while it is parked stays in its place', async () => {
  const lane = messagesOf(randomUUIDv7(), 3);
  const { handle } = recorder(new Set(idsOf(lane.slice(0, 1))));
  const group = groupOf(handle);
  await group.bring(lane);
  await group.bring(lane);
  expect(await group.parked()).toMatchObject([{ messages: 3, firstId: lane[0]?.id, failures: 1 }]);
});

test('a replay that fails parks again with the new reason and count; the next one continues from there', async () => {
  const lane = messagesOf(randomUUIDv7(), 5);
  const broken = new Set([lane[0]?.id ?? '']);
  const { handled, handle } = recorder(broken);
  const group = groupOf(handle);
  await group.bring(lane);
  broken.clear();
  broken.add(lane[3]?.id ?? '');
  group.startReplaying();
  await requestReplay(sql, { id: lane[2]?.id ?? '' }, 'ann');
  await expect
    .poll(group.parked)
    .toMatchObject([
      { messages: 2, firstId: lane[3]?.id, reason: `a defect at ${lane[3]?.id}`, failures: 1, replaying: false },
    ]);
  await requestReplay(sql, { key: lane[0]?.key ?? '' }, 'bob');
  await expect.poll(group.parked).toMatchObject([{ failures: 2, replaying: false }]);
  broken.clear();
  await requestReplay(sql, { group: group.group }, 'bob');
  await expect.poll(group.parked).toEqual([]);
  expect(handled).toEqual(idsOf(lane));
  const actions = await listParkedActions(sql, lane[3]?.id ?? '');
  expect(actions.map(({ action, by }) => `${action} ${by}`)).toEqual([
    'PARKED_AGAIN ann',
    'REPLAY_REQUESTED bob',
    'PARKED_AGAIN bob',
    'REPLAY_REQUESTED bob',
    'REPLAYED bob',
  ]);
});

test('while a dependency is away a replay waits and then continues by itself', async () => {
  const lane = messagesOf(randomUUIDv7(), 2);
  let mood: 'broken' | 'away' | 'well' = 'broken';
  const tried: string[] = [];
  const handled: string[] = [];
  const group = groupOf(({ id }) => {
    tried.push(id);
    if (mood === 'broken') throw new Error('a defect');
    if (mood === 'away') throw new DependencyAway('not yet');
    handled.push(id);
  });
  await group.bring(lane);
  mood = 'away';
  tried.length = 0;
  group.startReplaying();
  await requestReplay(sql, { group: group.group }, 'ann');
  await expect.poll(() => tried.length).toBeGreaterThan(1);
  expect(await group.parked()).toMatchObject([{ messages: 2, replaying: true }]);
  mood = 'well';
  await expect.poll(() => handled).toEqual(idsOf(lane));
});

test('a message that arrives while the last parked one is replayed is handled after it, and not parked', async () => {
  const [first, second] = messagesOf(randomUUIDv7(), 2);
  if (!first || !second) throw new Error('unreachable');
  let broken = true;
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const handled: string[] = [];
  const group = groupOf(async ({ id }) => {
    if (broken) throw new Error('a defect');
    begun.resolve();
    if (id === first.id) await gate.promise;
    handled.push(id);
  });
  await group.bring([first]);
  broken = false;
  group.startReplaying();
  await requestReplay(sql, { group: group.group }, 'ann');
  await begun.promise;
  const bringing = group.bring([second]);
  await expect.poll(waitsForLock).toBe(true);
  gate.resolve();
  await bringing;
  expect(handled).toEqual([first.id, second.id]);
  expect(await group.parked()).toEqual([]);
});

test('a replay that begins while another message is parked behind delivers both', async () => {
  const [first, second] = messagesOf(randomUUIDv7(), 2);
  if (!first || !second) throw new Error('unreachable');
  const broken = new Set([first.id]);
  const { handled, handle } = recorder(broken);
  const gate = Promise.withResolvers<void>();
  const other = messageOf(randomUUIDv7());
  const begun = Promise.withResolvers<void>();
  const group = groupOf(async (message) => {
    if (message.id === other.id) {
      begun.resolve();
      await gate.promise;
    }
    handle(message);
  });
  await group.bring([first]);
  await requestReplay(sql, { group: group.group }, 'ann');
  broken.clear();
  // The second message is parked, its transaction still open.
  const bringing = group.bring([second, other]);
  await begun.promise;
  group.startReplaying();
  await expect.poll(waitsForLock).toBe(true);
  expect(handled).toEqual([]);
  gate.resolve();
  await bringing;
  await expect.poll(group.parked).toEqual([]);
  expect(handled).toEqual([other.id, first.id, second.id]);
});

async function waitsForLock(): Promise<boolean> {
  const rows = await sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%parked_keys%'`;
  return rows.length > 0;
}

test('processes that park, replay and deliver at once keep every key in order and leave no message behind', async () => {
  const keys = Array.from({ length: 6 }, () => randomUUIDv7());
  const sent = keys.map((key) => messagesOf(key, 40));
  // Some fail three times and are parked; some of these fail again when they are replayed.
  const failuresLeft = new Map(
    sent.flat().flatMap(({ id }) => (randomInt(8) === 0 ? [[id, 3 * randomInt(1, 3)]] : [])),
  );
  const handled: Message[] = [];
  const group = groupOf(({ id, ...message }) => {
    const left = failuresLeft.get(id) ?? 0;
    failuresLeft.set(id, left - 1);
    if (left > 0) throw new Error('a defect');
    handled.push({ id, ...message });
  });
  for (let process = 0; process < 3; process++) group.startReplaying();
  const asking = new AbortController();
  const asker = (async () => {
    while (!asking.signal.aborted) {
      await requestReplay(sql, { group: group.group }, 'ann');
      await sleep(10);
    }
  })();
  await Promise.all(
    sent.map(async (lane) => {
      for (let i = 0; i < lane.length; i += 2) {
        await group.bring(lane.slice(i, i + 2));
        await sleep(randomInt(40));
      }
    }),
  );
  await expect.poll(group.parked).toEqual([]);
  asking.abort();
  await asker;
  for (const [i, lane] of sent.entries()) {
    expect(handled.filter(({ key }) => key === keys[i])).toEqual(lane);
  }
  const [done] = await sql`
    select count(*) filter (where action = 'REPLAYED')::int as replayed,
      count(*) filter (where action = 'PARKED_AGAIN')::int as again
    from event_log.parked_history where consumer_group = ${group.group}`;
  expect(done?.replayed).toBeGreaterThan(5);
  expect(done?.again).toBeGreaterThan(0);
});

test('a dropped message is not delivered again, even when the log brings it once more; the rest waits for an operator', async () => {
  const lane = messagesOf(randomUUIDv7(), 3);
  const [head, middle, last] = idsOf(lane);
  const { handled, handle } = recorder(new Set([head ?? '']));
  const group = groupOf(handle);
  await group.bring(lane);
  group.startReplaying();
  const done = { by: 'ann', reason: 'sold by hand' };
  expect(await dropParked(sql, { id: head ?? '' }, done)).toMatchObject({ outcome: 'dropped', left: 2 });
  expect(await dropParked(sql, { id: head ?? '' }, done)).toEqual({ outcome: 'not parked' });
  expect(await group.parked()).toMatchObject([{ messages: 2, firstId: middle, failures: 0, replaying: false }]);
  const later = messageOf(lane[0]?.key ?? '');
  await group.bring([later]);
  expect(handled).toEqual([]);
  await requestReplay(sql, { id: last ?? '' }, 'ann');
  await expect.poll(group.parked).toEqual([]);
  expect(handled).toEqual([middle, last, later.id]);
  await group.bring(lane.slice(0, 1));
  expect(handled).toHaveLength(3);
  expect(await group.parked()).toEqual([]);
  expect(await listParkedActions(sql, head ?? '')).toMatchObject([
    { action: 'DROPPED', by: 'ann', reason: 'sold by hand' },
  ]);
  const [kept] =
    await sql`select event from event_log.parked_history where action = 'DROPPED' and message_id = ${head ?? ''}`;
  expect(kept).toEqual({ event: lane[0]?.event });
});

test('a message that is parked for two groups is dropped only for the named one', async () => {
  const [message] = messagesOf(randomUUIDv7(), 1);
  if (!message) throw new Error('unreachable');
  const groups = ['a', 'b'].map((name) => groupOf(recorder(new Set([message.id])).handle, `${name}-${message.id}`));
  for (const group of groups) await group.bring([message]);
  const names = groups.map(({ group }) => group);
  const done = { by: 'ann', reason: 'no use' };
  expect(await dropParked(sql, { id: message.id }, done)).toEqual({ outcome: 'in several groups', groups: names });
  expect(await dropParked(sql, { id: message.id, group: names[1] }, done)).toMatchObject({ left: 0 });
  expect((await showParked(sql, message.id)).map(({ group }) => group)).toEqual([names[0]]);
});
