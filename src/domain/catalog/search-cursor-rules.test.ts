import { expect, test } from 'vitest';
import { InvalidInput } from '../errors.ts';
import { decodeCursor, encodeCursor } from './search-cursor-rules.ts';

const position = { rank: 20, key: 1_781_179_200_000_000, seq: 7, eventId: '0199a6a0-0000-7000-8000-000000000001' };
const cursor = encodeCursor('query', position);
const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
const forged = (change: (parts: unknown[]) => unknown[]) =>
  Buffer.from(JSON.stringify(change([...parts]))).toString('base64url');

test('a cursor is read as it was made', () => {
  expect(decodeCursor('query', cursor)).toEqual(position);
});

test.each([
  ['an additional part', forged((of) => [...of, 1])],
  ['a rank below one', forged((of) => of.with(2, 0))],
  ['a rank that no list has', forged((of) => of.with(2, 2 ** 40))],
  ['a key that is not a number', forged((of) => of.with(3, 'x'))],
  ['a negative event number', forged((of) => of.with(4, -1))],
  ['an event number with a fraction', forged((of) => of.with(4, 0.5))],
  ['an invalid id', forged((of) => of.with(5, 'x'))],
  ['another format', forged((of) => of.with(0, 99))],
  ['another query', encodeCursor('another', position)],
  ['padding', `${cursor}=`],
  ['a character that base64 ignores', `${cursor}*`],
  ['nothing', ''],
])('%s is refused', (_what, text) => {
  expect(() => decodeCursor('query', text)).toThrow(InvalidInput);
});
