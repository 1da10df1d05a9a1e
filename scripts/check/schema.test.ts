import { expect, test } from 'vitest';
import { schemaText } from '../schema-text.ts';
import { newestRelease, readPromises, schemaProblems } from './schema.ts';

const promises = await readPromises();
const text = schemaText();
const problemsOf = (changed: string, more: Partial<typeof promises> = {}) =>
  schemaProblems(changed, { ...promises, committed: changed, ...more });

test('the schema of the code is the committed one and keeps what clients of the last release rely on', () => {
  expect(schemaProblems(text, promises)).toEqual([]);
});

test('reports a committed schema that is behind the code', () => {
  expect(problemsOf(text, { committed: `${text} ` })).toEqual([expect.stringContaining('npm run schema:print')]);
});

const breaks = [
  [
    'a field that is gone',
    text.replace('  holdExpiresAt: DateTime!', '  holdEndsAt: DateTime!'),
    'Booking.holdExpiresAt',
  ],
  ['a member of a result that is gone', text.replace(/ \| TooManySeats/, ''), 'CreateBookingResult'],
  ['a type that may be null now', text.replace(/^ {2}version: Int!$/m, '  version: Int'), '.version'],
  ['another default', text.replace('first: Int = 20', 'first: Int = 10'), 'first'],
  ['a value that is gone', text.replace(/^ {2}COMEDY$/m, '  COMEDIES'), 'COMEDY'],
  ['an argument that is needed now', text.replace('signOut: ', 'signOut(why: String!): '), 'why'],
  [
    'an interface that is gone',
    text.replace('type TooManySeats implements Refusal', 'type TooManySeats'),
    'TooManySeats',
  ],
  ['another root', `schema { query: Query mutation: Mutation }\n${text}`, 'subscription'],
] as const;

test.each(breaks)('%s breaks clients of the last release', (_, changed, where) => {
  expect(changed).not.toBe(text);
  const problems = problemsOf(changed);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(where);
});

test.each([
  ['a new type', `${text}\ntype New { a: Int }\n`],
  ['a new argument that may be left out', text.replace('signOut: ', 'signOut(why: String): ')],
  ['a new field', text.replace('  holdExpiresAt: DateTime!', '  holdExpiresAt: DateTime!\n  new: Int')],
])('%s breaks no client', (_, changed) => {
  expect(changed).not.toBe(text);
  expect(problemsOf(changed)).toEqual([]);
});

test('a break that is written down is accepted, until it breaks nothing', () => {
  const [, changed] = breaks[0];
  const written = { breaks: [...promises.breaks, { change: 'Booking.holdExpiresAt was removed.' }] };
  expect(problemsOf(changed, written)).toEqual([]);
  expect(problemsOf(text, written)).toEqual([expect.stringContaining('breaks nothing')]);
});

test('a version without the schema of its release is refused', () => {
  expect(problemsOf(text, { version: '9.0.0' })).toEqual([expect.stringContaining('schema-9.0.0.graphql')]);
});

test('the last release is the one with the highest numbers', () => {
  const names = ['README.md', 'schema-0.9.0.graphql', 'schema-0.10.0.graphql', 'schema-0.2.11.graphql'];
  expect(newestRelease(names)).toBe('0.10.0');
  expect(() => newestRelease(['README.md'])).toThrow('no schema of a release');
});
