import { expect, test } from 'vitest';
import { givenCode, givenCodes, newCode } from './code-texts-rules.ts';

test('a made code has 65 bits, and a thousand of them differ', () => {
  const codes = Array.from({ length: 1000 }, newCode);
  for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(new Set(codes).size).toBe(1000);
  // 13 letters of 32: each of them occurs, so none of the bits is fixed.
  expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32);
});

test('case, blanks and hyphens of a code do not count, and another event has other codes', () => {
  const { hash } = givenCode('e', 'Fan-Club 24');
  for (const text of ['fanclub24', ' FAN CLUB\u00a024', 'fan\u2013club-24', 'ＦＡＮclub24'])
    expect(givenCode('e', text).hash).toBe(hash);
  expect(givenCode('e', 'fanclub25').hash).not.toBe(hash);
  expect(givenCode('other', 'fanclub24').hash).not.toBe(hash);
});

test('a request gives each code once, at most five, and none that is too short', () => {
  expect(givenCodes('e', ['spring', 'SPRING', 'other']).map(({ text }) => text)).toEqual(['SPRING', 'other']);
  expect(() => givenCodes('e', ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', 'ffff'])).toThrow('at most 5');
  for (const text of ['', 'abc', 'a-b-c', 'a\nbcd', 'x'.repeat(61)]) expect(() => givenCodes('e', [text])).toThrow();
});
