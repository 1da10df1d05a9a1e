import { expect, test } from 'vitest';
import { languageProblems } from './language.ts';
import { proseOf } from './prose.ts';

const wordsIn = (file: string, text: string) =>
  languageProblems(file, text).map((problem) => problem.replace(/^(\S+) ("[^"]*").*$/, '$1 $2'));

test.each([
  ['a line comment', '\n// Nobody reads it.', 'a.ts:2: "Nobody"'],
  ['a block comment', '/**\n * Sent to\n * whoever asks.\n */', 'a.ts:3: "whoever"'],
  ['a message', "const a = 1;\nthrow new Error('It is none of ours.');", 'a.ts:2: "is none"'],
  ['the name of a test', 'test("mends it", () => {});', 'a.ts:1: "mends"'],
  ['a template', 'log(`$' + '{nobody({ a: `b` })} and somebody`);', 'a.ts:1: "somebody"'],
  ['a phrase of two lines', '// It is no\n  // more than it was, and there are no\n  // more.', 'a.ts:2: "no more"'],
])('a word on the list is found in %s', (_where, text, problem) => {
  expect(wordsIn('a.ts', text)).toEqual([problem]);
});

test('a document is read as a whole', () => {
  expect(wordsIn('a.md', 'One\n\nIt tells of two.')).toEqual(['a.md:3: "tells of"']);
});

test.each([
  ['an identifier', 'const nobody = whatever ? mend() : anybody;'],
  ['a part of a name', "import 'a/mended.ts'; fetch('postgres://nobody@localhost'); run('0001-is-mended.md');"],
  ['a limit', '// It takes no more than two.'],
  ['a longer word', '// Mendel amends it.'],
  ['a plain absence', '// Undefined when there\n// is none.'],
])('%s is not a word on the list', (_what, text) => {
  expect(languageProblems('a.ts', text)).toEqual([]);
});

test('a quotation mark in a regular expression does not begin a string', () => {
  expect(proseOf('a.ts', "/['`]/.test(a); b / c; nobody('d');").replaceAll(/[\0\s]/g, '')).toBe("/['`]/'d'");
});
