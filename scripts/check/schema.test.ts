import { expect, test } from 'vitest';
import { schemaText } from '../schema-text.ts';
import { readPromises, schemaProblems } from './schema.ts';

const promises = await readPromises();
const text = schemaText();

test('the schema of the code is the committed one and keeps the contract', async () => {
  expect(await schemaProblems(text, promises)).toEqual([]);
});

test('reports a committed schema that is behind the code', async () => {
  const problems = await schemaProblems(text, { ...promises, committed: `${promises.committed} ` });
  expect(problems).toEqual([expect.stringContaining('npm run schema:print')]);
});

test.each([
  [
    'a field that is gone',
    text.replace('  holdExpiresAt: DateTime!', '  holdEndsAt: DateTime!'),
    'Booking.holdExpiresAt',
  ],
  ['a member of a result that is gone', text.replace(/ \| TooManySeats/, ''), 'CreateBookingResult'],
  ['a type that may be null now', text.replace(/^ {2}version: Int!$/m, '  version: Int'), '.version'],
  ['another default', text.replace('first: Int = 20', 'first: Int = 10'), 'first'],
])('%s breaks the contract', async (_, changed, where) => {
  expect(changed).not.toBe(text);
  const problems = await schemaProblems(changed, { ...promises, committed: changed });
  expect(problems).toEqual([expect.stringContaining(where)]);
});
