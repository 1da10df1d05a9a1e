import { randomUUIDv7 } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { type Asked, transports } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
let fan: Fan;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { LOG_LEVEL: 'info' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
  fan = await signInAsGuest(system.apiUrl);
}, 60_000);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

type Over = keyof typeof transports;
const names = Object.keys(transports) as Over[];

/** The GraphQL result without the framing of the transport. */
async function resultOver(over: Over, asked: Asked): Promise<unknown> {
  const { meaning } = await transports[over](system.apiUrl, asked);
  if (over === 'HTTP') return JSON.parse(meaning.replace(/^\d+ /, ''));
  if (over === 'server-sent events') {
    expect(meaning).toMatch(/^200 /);
    return JSON.parse(/^data: (.*)$/m.exec(meaning)?.[1] ?? 'null');
  }
  const messages = meaning.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const answer = messages.find((message) => message.type === 'next' || message.type === 'error');
  // A socket that connects while the budget is empty is refused.
  if (!answer) return /closed .*/.exec(meaning)?.[0];
  return answer.type === 'next' ? answer.payload : { errors: answer.payload };
}

const deep = (levels: number) => `{ event(id: $id) { ${'venue { '.repeat(levels)} name ${'} '.repeat(levels)} } }`;

const refused: Record<string, { query: string; variables?: object; code: string }> = {
  'a syntax error': { query: '{ event(', code: 'BAD_REQUEST' },
  'an unknown field': { query: '{ nothing }', code: 'BAD_REQUEST' },
  'an unknown field of a subscription': { query: 'subscription { nothing }', code: 'BAD_REQUEST' },
  'too many aliases': {
    query: `{ ${Array.from({ length: 9 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
    code: 'BAD_REQUEST',
  },
  'too much depth': { query: `query ($id: ID!) ${deep(9)}`, variables: { id: 'Event_1' }, code: 'BAD_REQUEST' },
  'two operations without a name': { query: 'query A { __typename } query B { __typename }', code: 'BAD_REQUEST' },
  'a variable of another type': {
    query: 'query ($id: ID!) { event(id: $id) { title } }',
    variables: { id: { a: 1 } },
    code: 'BAD_REQUEST',
  },
  'a text with an invisible character alone': {
    query: 'query ($city: String) { searchEvents(city: $city, first: 1) { totalCount } }',
    variables: { city: '\u0000' },
    code: 'INVALID_INPUT',
  },
  'a subscription to an event that does not exist': {
    query: 'subscription ($id: ID!) { seatMapChanged(eventId: $id) { __typename } }',
    variables: { id: `Event_${randomUUIDv7()}` },
    code: 'BAD_REQUEST',
  },
};

const ENDED = /"code":"RATE_LIMITED"|closed 1013/;

describe('the same refusal on each transport', () => {
  test.each(Object.entries(refused))('%s', async (_name, { query, variables = {}, code }) => {
    const [overHttp, ...others] = await Promise.all(names.map((over) => resultOver(over, { query, variables })));
    // A plain POST has one answer, so a valid subscription is refused there because of its transport.
    const [expected, compared] = query.startsWith('subscription ($id')
      ? [others[0], others]
      : [overHttp, [overHttp, ...others]];
    expect((expected as { errors: object[] }).errors[0]).toMatchObject({ extensions: { code } });
    for (const result of compared) expect(result).toEqual(expected);
  });

  test('an empty budget, which refused operations use up as well', async () => {
    const asked = { query: '{ nothing }', variables: {}, token: fan.token };
    const codes = new Map<Over, string[]>();
    for (const over of names) codes.set(over, []);
    // The budget is 600 points in ten seconds for a viewer; each transport spends a part of it.
    for (let sent = 0; sent < 1_200; sent += 60) {
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, i) => {
          const over = i % 20 === 0 ? (names[(i / 20) % 3] as Over) : 'HTTP';
          return resultOver(over, asked).then((result) => ({ over, result }));
        }),
      );
      for (const { over, result } of results) codes.get(over)?.push(JSON.stringify(result));
      if (names.every((over) => ENDED.test(codes.get(over)?.at(-1) ?? ''))) break;
    }
    for (const over of names) expect(codes.get(over)?.at(-1), over).toMatch(ENDED);
  }, 60_000);
});

test('an operation logs one line with its request, trace and outcome on each transport', async () => {
  const other = await signInAsGuest(system.apiUrl, 'other@example.org');
  const query = 'query OneLine($id: ID!) { event(id: $id) { title } }';
  const variables = { id: `Event_${event.eventId}` };
  for (const over of names)
    expect(await resultOver(over, { query, variables, token: other.token })).toEqual({
      data: { event: { title: 'Test match' } },
    });
  const lines = () =>
    system.lines.filter((line) => line.includes('"OneLine"')).map((line) => JSON.parse(line.replace(/^api: /, '')));
  await expect.poll(lines).toHaveLength(3);
  for (const line of lines())
    expect(line).toMatchObject({
      msg: 'operation',
      type: 'query',
      field: 'event',
      outcome: 'ok',
      requestId: expect.stringMatching(/^[\w-]{8,}$/),
      userId: expect.any(String),
    });
});
