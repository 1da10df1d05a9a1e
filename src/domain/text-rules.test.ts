import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInput } from './errors.ts';
import { firstCharacters, isLongerThan, normalText, readText, requireText } from './text-rules.ts';

const name = { atMost: 20 };

test.each([
  ['NUL', 'a\u0000b'],
  ['a bell', 'a\u0007b'],
  ['delete', 'a\u007f'],
  ['a C1 control', 'a\u0085b'],
  ['half of an emoji', 'a\ud83d'],
  ['the other half', '\ude00a'],
  ['two halves in the wrong order', '\ude00\ud83d'],
  ['a code point that is not a character', 'a\uffff'],
  ['one beyond the basic plane', 'a\u{1fffe}'],
])('%s is not text', (_what, text) => {
  expect(normalText(text)).toBeUndefined();
  expect(readText(text, name)).toHaveProperty('problem');
});

test.each([
  ['nothing', ''],
  ['blanks', ' \u00a0\u3000'],
  ['a zero-width space', '\u200b\u200b'],
  ['joiners', '\u200d\u200c\u2060'],
  ['a Hangul filler', '\u3164'],
  ['an empty pattern of Braille', '\u2800'],
  ['marks without a letter', '\u0301\u0302'],
  ['variation selectors', '\ufe0f\ufe0f'],
  ['tags', '\u{e0041}\u{e0042}'],
  ['a byte order mark', '\ufeff'],
])('%s is refused as invisible', (_what, text) => {
  expect(readText(text, name)).toEqual({ problem: 'has no visible character' });
});

test.each([
  ['right-to-left override', 'Bob\u202Efdp.exe'],
  ['left-to-right override', 'a\u202Db'],
  ['embedding', '\u202Babc\u202C'],
  ['isolate', 'a\u2067b\u2069'],
])('a %s is refused', (_what, text) => {
  expect(readText(text, name)).toEqual({
    problem: 'has a character that changes the direction of the text around it',
  });
});

test.each([
  ['Latin', 'Zoë', 'Zoë'],
  ['decomposed, put together', 'Zoe\u0308', 'Zoë'],
  ['Hebrew with a right-to-left mark', 'דוד\u200f!', 'דוד\u200f!'],
  ['Persian with a non-joiner', 'می\u200cخواهم', 'می\u200cخواهم'],
  ['Devanagari', 'क्षि', 'क्षि'],
  ['blanks around it', '\u00a0 Ann \u200b', 'Ann'],
  ['a heart with its variation selector', '❤\ufe0f', '❤\ufe0f'],
  ['a family', '👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦'],
  [
    'a flag of tags',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  ],
])('%s is a text', (_what, text, right) => {
  expect(readText(text, name)).toEqual({ text: right });
});

test('length is counted in characters as a person sees them', () => {
  const family = '👨‍👩‍👧‍👦';
  expect(readText(family.repeat(20), name)).toEqual({ text: family.repeat(20) });
  expect(readText(family.repeat(21), name)).toEqual({ problem: 'has more than 20 characters' });
  expect(readText('𠮷'.repeat(20), name)).toEqual({ text: '𠮷'.repeat(20) });
  expect(readText('각'.normalize('NFD').repeat(20), name)).toEqual({ text: '각'.repeat(20) });
  expect(readText('a'.repeat(21), name)).toEqual({ problem: 'has more than 20 characters' });
  expect(isLongerThan('नमस्ते'.repeat(4), 16)).toBe(false);
});

test('refuses a letter under a pile of marks: it would be drawn over the lines around it', () => {
  expect(readText(`H${'\u0300'.repeat(40)}`, name)).toEqual({ problem: 'has more than 30 marks on one letter' });
});

test('refuses lines in a name and keeps them in a description', () => {
  expect(readText('a\nb', name)).toEqual({ problem: 'has a line break or a tab' });
  expect(readText('a\u2028b', name)).toEqual({ problem: 'has a line break or a tab' });
  expect(readText('a\nb', { ...name, hasLines: true })).toEqual({ text: 'a\nb' });
});

test('a refusal names its field and says in a sentence what is wrong', () => {
  const refused = () => requireText('displayName', 'A display name', '\u200b', name);
  expect(refused).toThrow(InvalidInput);
  expect(refused).toThrow('A display name has no visible character.');
});

test('a text that was read is read the same again, and is never longer than allowed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      const read = readText(text, name);
      if ('problem' in read) return;
      expect(readText(read.text, name)).toEqual(read);
      expect(read.text).toBe(read.text.normalize('NFC'));
      expect(read.text.isWellFormed()).toBe(true);
      expect([...new Intl.Segmenter('en').segment(read.text)].length).toBeLessThanOrEqual(20);
    }),
    { numRuns: 5000 },
  );
});

test('cuts the first characters of a text without splitting one', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat(20), (text, atMost) => {
      const first = firstCharacters(text, atMost);
      expect(text.startsWith(first)).toBe(true);
      expect(first.length).toBeLessThanOrEqual(atMost);
      expect(first.isWellFormed()).toBe(true);
    }),
  );
  expect(firstCharacters('ab😀', 3)).toBe('ab');
});
