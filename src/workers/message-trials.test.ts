import postgres from 'postgres';
import { expect, test } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import { DependencyAway, Unhandleable } from '#events/log/log.ts';
import { MessageTrials } from './message-trials.ts';

/** One worker with its messages, by the outcome of each try. */
function openTrials(type = 'BookingCreated') {
  const trials = new MessageTrials();
  const attempt = async (id: string, error?: unknown, of: { type?: string; isReplayed?: boolean } = {}) => {
    const one = { id, type, isReplayed: false, ...of };
    try {
      await trials.run(one, () => (error === undefined ? Promise.resolve() : Promise.reject(error)));
      return 'passed';
    } catch (thrown) {
      if (thrown instanceof Unhandleable) return 'parked';
      return thrown instanceof DependencyAway ? 'waits' : 'tried again';
    }
  };
  return { trials, attempt };
}

const bug = new TypeError('a bug');
const refused = (code: string) => Object.assign(new postgres.PostgresError('no'), { code });
const times = <T>(count: number, work: () => Promise<T>) =>
  Array.from({ length: count }).reduce<Promise<T[]>>(
    async (before) => [...(await before), await work()],
    Promise.resolve([]),
  );

test('a bug that only one message meets parks it, after others of its type have passed between its tries', async () => {
  const { attempt } = openTrials();
  for (let i = 0; i < 4; i++) {
    expect(await attempt('poison', bug)).toBe('waits');
    await attempt(`other ${i}`);
  }
  expect(await attempt('poison', bug)).toBe('parked');
});

test('the same bug waits as long as no other message passes, for any error', async () => {
  const { attempt, trials } = openTrials();
  expect(new Set(await times(50, () => attempt('first', bug)))).toEqual(new Set(['waits']));
  expect(new Set(await times(50, () => attempt('second', bug)))).toEqual(new Set(['waits']));
  expect(trials.waiting().map(({ cause }) => cause)).toEqual(['unknown', 'unknown']);
  await attempt('first');
  expect(trials.waiting().map(({ messageId }) => messageId)).toEqual(['second']);
});

test('passing messages of another type do not count for one that fails', async () => {
  const { attempt } = openTrials();
  for (let i = 0; i < 20; i++) {
    expect(await attempt('one', bug)).toBe('waits');
    await attempt(`other ${i}`, undefined, { type: 'BookingExpired' });
  }
});

test('a message that was under way when the fault began and passes later does not count', async () => {
  const { trials, attempt } = openTrials();
  const gates = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
  const early = gates.map(({ promise }, index) =>
    trials.run({ id: `early ${index}`, type: 'BookingCreated', isReplayed: false }, () => promise),
  );
  for (const { resolve } of gates) {
    expect(await attempt('one', bug)).toBe('waits');
    resolve();
  }
  await Promise.all(early);
  // They began before the first failure; only tries that begin afterwards count.
  expect(await attempt('one', bug)).toBe('waits');
});

test.each(['22P05', '22003', '23502', '23503', '23505', '23514'])(
  'values that PostgreSQL refuses with %s are the message’s fault, even when no other message passes',
  async (code) => {
    const { attempt } = openTrials();
    expect(await attempt('one', new Error('Failed query', { cause: refused(code) }))).toBe('tried again');
  },
);

test('a constraint that every message violates is not the messages’ fault: after three the others wait', async () => {
  const { attempt } = openTrials();
  const outcomes = [];
  for (let i = 0; i < 10; i++) outcomes.push(await attempt(`message ${i}`, refused('23502')));
  expect(outcomes.filter((outcome) => outcome === 'tried again')).toHaveLength(3);
  expect(outcomes.filter((outcome) => outcome === 'waits')).toHaveLength(7);
  await attempt('message 9');
  expect(await attempt('message 8', refused('23502'))).toBe('tried again');
});

test.each([
  ['PostgreSQL is full', refused('53100')],
  ['a grant is missing', refused('42501')],
  ['a migration is missing', refused('42P01')],
  ['the password is wrong', refused('28P01')],
  ['the host name is gone', Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })],
  ['the certificate is out of date', Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' })],
  ['Redis refuses the password', new Error('WRONGPASS invalid username-password pair')],
  ['the writer is too busy', new TryAgain(1)],
  ['a handler says so', new DependencyAway('away')],
])('while %s a message waits, even when others pass', async (_, error) => {
  const { attempt } = openTrials();
  for (let i = 0; i < 10; i++) {
    expect(await attempt('one', error)).toBe('waits');
    await attempt(`other ${i}`);
  }
  expect(await attempt('one')).toBe('passed');
});

test('a replayed message that meets a bug is tried only as often as the log tries, because it is set aside already', async () => {
  const { attempt } = openTrials();
  expect(await attempt('one', bug, { isReplayed: true })).toBe('tried again');
  expect(await attempt('one', refused('53100'), { isReplayed: true })).toBe('waits');
});
