import { expect, test } from 'vitest';
import { describeError } from './log.ts';

test('logs the first cause of an error, also when several attempts failed', () => {
  const refused = Object.assign(new Error('Invalid username or password'), { code: 'SASL' });
  const attempt = new Error('Connection failed.', { cause: refused });
  const error = new AggregateError([attempt, attempt], 'Listing topics failed.');
  expect(describeError(error)).toMatchObject({ error: 'Invalid username or password', code: 'SASL' });
  expect(describeError(new AggregateError([], 'nothing was tried'))).toMatchObject({ error: 'nothing was tried' });
});

test('leaves out the quoted parts of a failed query', () => {
  const cause = Object.assign(new Error('duplicate key "a@example.org"'), { code: '23505' });
  const error = Object.assign(new Error('Failed query: insert ... a@example.org', { cause }), { query: 'insert' });
  expect(describeError(error)).toMatchObject({ error: 'duplicate key …', code: '23505', query: 'insert' });
});

test('a message, a stack and a query of any length make a line of a few kilobytes, quickly', () => {
  const long = 'x'.repeat(1_000_000);
  const error = Object.assign(new Error(`${long}\n${long}`), { query: long });
  error.stack = `Error: a secret\nof two lines\n${Array.from({ length: 50 }, () => `    at ${long}`).join('\n')}`;
  const line = JSON.stringify(describeError(error));
  expect(line.length).toBeLessThan(2_000);
  expect(line).not.toContain('of two lines');
  expect(JSON.stringify(describeError(long)).length).toBeLessThan(600);
});
