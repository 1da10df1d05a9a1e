import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { InvalidInput } from '#domain/errors.ts';
import { decodeCursor, encodeCursor } from './connection.ts';

const position = z.tuple([z.int().min(0), z.string()]);

test('decodes a cursor to the position that it was made from', () => {
  fc.assert(
    fc.property(fc.nat(), fc.uuid(), (at, id) => {
      expect(decodeCursor(encodeCursor([at, id]), position)).toEqual([at, id]);
    }),
  );
});

const base64 = (text: string) => Buffer.from(text).toString('base64url');
test.each([
  ['nothing', ''],
  ['a word', 'x'],
  ['JSON of another shape', base64('{"at":1}')],
  ['too few parts', base64('[1]')],
  ['a part too many', base64('[1,"a",2]')],
  ['a negative position', base64('[-1,"a"]')],
  ['a fraction', base64('[1.5,"a"]')],
  ['a number beyond all', base64('[1e400,"a"]')],
  ['null', base64('null')],
  ['the same JSON with a blank', base64('[1, "a"]')],
  ['the same number in another notation', base64('[1e0,"a"]')],
  ['padding', `${base64('[1,"ab"]')}==`],
  ['a character that base64 ignores', `${base64('[1,"a"]')}!`],
  ['ten thousand parts', base64(JSON.stringify(Array.from({ length: 10_000 }, (_, i) => i)))],
])('%s is not a cursor', (_what, cursor) => {
  expect(() => decodeCursor(cursor, position)).toThrow(InvalidInput);
});

test('refuses a cursor with a changed character at any place', () => {
  const cursor = encodeCursor([1_781_179_200_000, '0199a6a0-0000-7000-8000-000000000001']);
  const shape = z.tuple([z.literal(1_781_179_200_000), z.literal('0199a6a0-0000-7000-8000-000000000001')]);
  for (let at = 0; at < cursor.length; at++) {
    const forged = `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`;
    expect(() => decodeCursor(forged, shape), `${at}`).toThrow(InvalidInput);
  }
});
