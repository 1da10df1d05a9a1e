import { expect, test } from 'vitest';
import { describeError } from './log.ts';

test('of an error the first cause is told, also when several attempts failed', () => {
  const refused = Object.assign(new Error('Invalid username or password'), { code: 'SASL' });
  const attempt = new Error('Connection failed.', { cause: refused });
  const error = new AggregateError([attempt, attempt], 'Listing topics failed.');
  expect(describeError(error)).toMatchObject({ error: 'Invalid username or password', code: 'SASL' });
  expect(describeError(new AggregateError([], 'nothing was tried'))).toMatchObject({ error: 'nothing was tried' });
});

test('of a failed query what is in quotes is not told', () => {
  const cause = Object.assign(new Error('duplicate key "a@example.org"'), { code: '23505' });
  const error = Object.assign(new Error('Failed query: insert ... a@example.org', { cause }), { query: 'insert' });
  expect(describeError(error)).toMatchObject({ error: 'duplicate key …', code: '23505', query: 'insert' });
});
