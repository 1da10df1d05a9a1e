import { InvalidInput } from './errors.ts';

export type TextRule = {
  /** In characters as a person counts them (grapheme clusters, UAX #29). */
  readonly atMost: number;
  /** Line breaks and tabs are allowed. */
  readonly hasLines?: boolean;
};

/**
 * What no text may contain: control characters except tab and line breaks, halves of surrogate pairs, and code points
 * that are not characters. PostgreSQL cannot store U+0000, and UTF-8 has no form for half a pair.
 */
const NOT_TEXT = /[[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]--[\t\n\r]]/v;
const LINES = /[\t\n\r\u2028\u2029]/;
/**
 * Embeddings, overrides and isolates reorder the text around them ("Alice\u202Egnp.exe"). Plain marks (LRM, RLM, ALM)
 * are allowed.
 */
const REORDERS = /[\u202A-\u202E\u2066-\u2069]/;
/** A mark needs a letter below it, and U+2800 is an empty Braille pattern. */
const VISIBLE = /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** The Stream-Safe Text Format of UAX #15 allows 30 marks on one letter; no language needs more than a few. */
const PILE_OF_MARKS = /\p{M}{31}/u;
const BLANK_ENDS = /^[\s\u00AD\u180E\u200B\u2060\u2800\u3164]+|[\s\u00AD\u180E\u200B\u2060\u2800\u3164]+$/g;
/** Most texts are like this: already normal, visible, and one character per code unit. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * The text in Unicode's form NFC, or undefined when it contains what is not text. All incoming strings pass through
 * here.
 */
export const normalText = (text: string): string | undefined =>
  NOT_TEXT.test(text) ? undefined : text.normalize('NFC');

/**
 * The one parser of text that is stored and shown: returns it in NFC without surrounding blanks, or what is wrong
 * with it, as the end of a sentence that begins with the text's name.
 */
export function readText(text: string, rule: TextRule): { text: string } | { problem: string } {
  if (text.length <= rule.atMost && PLAIN.test(text)) return { text };
  const normal = normalText(text);
  if (normal === undefined) return { problem: 'has a character that is not text, such as NUL or half of an emoji' };
  if (!rule.hasLines && LINES.test(normal)) return { problem: 'has a line break or a tab' };
  if (REORDERS.test(normal)) return { problem: 'has a character that changes the direction of the text around it' };
  const trimmed = normal.replace(BLANK_ENDS, '');
  if (!VISIBLE.test(trimmed)) return { problem: 'has no visible character' };
  if (PILE_OF_MARKS.test(trimmed)) return { problem: 'has more than 30 marks on one letter' };
  if (isLongerThan(trimmed, rule.atMost)) return { problem: `has more than ${rule.atMost} characters` };
  return { text: trimmed };
}

/** Throws InvalidInput; `name` begins the sentence: "A display name". */
export function requireText(field: string, name: string, text: string, rule: TextRule): string {
  const read = readText(text, rule);
  if ('problem' in read) throw new InvalidInput(field, `${name} ${read.problem}.`);
  return read.text;
}

/** Counted as a person counts: an emoji of seven code points is one. Reads only as much of the text as needed. */
export function isLongerThan(text: string, atMost: number): boolean {
  if (text.length <= atMost) return false;
  let count = 0;
  for (const _ of graphemes.segment(text)) if (++count > atMost) return true;
  return false;
}

/** The first characters of a text, none cut in half. */
export function firstCharacters(text: string, atMost: number): string {
  if (text.length <= atMost) return text;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    if (index + segment.length > atMost) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}
