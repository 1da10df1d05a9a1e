import { hash, randomBytes } from 'node:crypto';
import { InvalidInput } from '../errors.ts';
import { readText } from '../text-rules.ts';
import { type GivenCode, MOST_CODES } from './code-rules.ts';

/** Base 32 without I, L, O and U, which people misread or misspell. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 65 bits: a guess in 37 million million million is right. */
const LENGTH = 13;

/** Returns a new code, in groups that people can read out: `4TKQ-9ZD1-MX7RC`. */
export function newCode(): string {
  // A byte has eight times as many values as there are letters, so each letter is as likely.
  const letters = Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4, 8)}-${letters.slice(8)}`;
}

/** What counts of a code: neither case nor blanks nor hyphens. */
const canonical = (text: string): string =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Dash_Punctuation}]/gu, '');

/** Returns the code as it is looked up at an event: only its hash is kept. */
export const givenCode = (eventId: string, text: string): GivenCode => ({
  text,
  hash: hash('sha256', `${eventId} ${canonical(text)}`, 'hex'),
});

/**
 * Returns the codes of a request, each once.
 *
 * @throws InvalidInput for too many codes, and for a text that cannot be one
 */
export function givenCodes(eventId: string, texts: readonly string[]): readonly GivenCode[] {
  if (texts.length > MOST_CODES) throw new InvalidInput('codes', `Give at most ${MOST_CODES} codes.`);
  const codes = texts.map((text) => givenCode(eventId, requireCode(text)));
  return [...new Map(codes.map((code) => [code.hash, code])).values()];
}

/** Returns the text of a code. Throws InvalidInput for one that has less than four letters or digits. */
export function requireCode(text: string): string {
  const read = readText(text, { atMost: 60 });
  if ('problem' in read) throw new InvalidInput('codes', `A code has 4 to 60 characters; this one ${read.problem}.`);
  if (canonical(read.text).length < 4)
    throw new InvalidInput('codes', 'A code has 4 to 60 characters, without blanks and hyphens.');
  return read.text;
}
