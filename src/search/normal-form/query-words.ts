import { fold, prepared, speltOut, withoutArticle } from './fold.ts';
import { type Group, groupsOf, isGrams, isSpelt, joined, type Part, signOf, unitsOf } from './groups.ts';

/** The words of a search text: a found event has all of them; the last one may be incomplete. */
export type SearchWords = {
  readonly words: readonly string[];
  /** Searched when no event has the `words`: the same text read in another way. */
  readonly orElse: readonly string[] | undefined;
};

/** The engine looks up each word with all its misspellings; no one types more words to find an event. */
const MAX_WORDS = 12;
/** Words of scripts without blanks are searched by pairs of letters, which have no misspellings. */
const MAX_GRAMS = 24;

/**
 * The words by which a text is searched; undefined for a text without a word. `words` of `words` are the same words.
 */
export function searchWords(text: string): SearchWords | undefined {
  const groups = groupsOf(prepared(text)).reduce(withLetters, []);
  const words = limited(groups.flatMap(wordsFor));
  if (words.length === 0) return undefined;
  const otherwise = limited(groups.flatMap(otherWordsFor));
  return { words, orElse: otherwise.join(' ') === words.join(' ') ? undefined : otherwise };
}

/** "R E M" is one group, as "R.E.M." is. */
function withLetters(groups: readonly Group[], group: Group): Group[] {
  const before = groups.at(-1);
  if (!before?.parts.every(isLetter) || !group.parts.every(isLetter)) return [...groups, group];
  const both = { ...group, parts: [...before.parts, ...group.parts], links: [...before.links, ' ', ...group.links] };
  return [...groups.slice(0, -1), { ...both, before: before.before }];
}
const isLetter = ({ text, grams }: Part): boolean => !grams && text.length === 1;

/** "&" is not searched, so the words for it are not searched either. */
const CONJUNCTIONS = new Set(['and', 'und', 'et', 'y', 'och', 'og', 'и', 'і', 'και', 've']);

function limited(words: readonly string[]): string[] {
  // A mark without a letter, such as the tatweel with its vowel, folds to nothing.
  const asked = [...new Set(words)].filter((word) => word !== '');
  const telling = asked.filter((word) => !CONJUNCTIONS.has(word));
  const kept = telling.length > 0 ? telling : asked;
  return kept.slice(0, kept.some(isGrams) ? MAX_GRAMS : MAX_WORDS);
}

const LEFT_OUT =
  /^(?:[ldjmtsnc]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu|un|all|dall|dell|nell|sull|coll|quell|quest|gl|degl|agl)$/;

/** "l'opéra" searches "opera": the article before an apostrophe may differ or be missing. */
function withoutElision(group: Group): Group {
  const [first, second] = group.parts;
  if (!first || !second || group.links[0] !== "'" || second.text.length < 2) return group;
  if (!LEFT_OUT.test(fold(first.text))) return group;
  return withoutElision({ ...group, parts: group.parts.slice(1), links: group.links.slice(1), before: "'" });
}

function wordsFor(group: Group): string[] {
  const rest = withoutElision(group);
  const sign = signOf(rest);
  if (sign) return [fold(`${bare(rest)}${sign}`)];
  if (isSpelt(rest)) return [fold(joined(rest))];
  return isOneWord(rest) ? [fold(bare(rest))] : rest.parts.flatMap(wordsOfPart);
}

/** The parts of one word, and the reverse. */
function otherWordsFor(group: Group): string[] {
  const rest = withoutElision(group);
  if (rest !== group) return [fold(bare(group))];
  const possessive = /^s$/iu.test(group.parts.at(-1)?.text ?? '') && group.links.at(-1) === "'";
  const parts = possessive ? group.parts.slice(0, -1) : group.parts;
  if (parts.length > 1 && !isOneWord(group)) return [fold(bare(group))];
  return parts.flatMap((part) => (part.grams ? wordsOfPart(part) : [speltOut(part.text)]));
}

const bare = ({ parts }: Group): string => parts.map(({ text }) => text).join('');

/** Signs that join any parts; the other signs join only short ones, as in "AC/DC". */
const TIGHT = /^['.\-‐‑−_*~"״]$/u;

/**
 * "AC/DC", "R.E.M.", "Blink-182", "O'Connor" search one word, which is found in any spelling; "Rhein-Main-Donau"
 * searches three, which need not be next to each other.
 */
function isOneWord({ parts, links }: Group): boolean {
  if (parts.length === 1)
    return parts[0]?.grams === false && fold(parts[0].text) === withoutArticle(fold(parts[0].text));
  const short = parts.every(({ text }) => text.length <= 3);
  if (!links.every((link) => TIGHT.test(link))) return short;
  return parts.length === 2 || short || parts.slice(1, -1).some(({ text }) => text.length === 1);
}

function wordsOfPart(part: Part): string[] {
  return part.grams ? segmentsOf(part).flatMap(gramsOf) : [withoutArticle(fold(part.text))];
}

const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });
/** They join words, and an event may have other ones there or none: "夏の祭り" finds 夏祭りの夜. */
const PARTICLES = new Set([...'のはがをにへとでもや的了和与與', 'から', 'まで', 'より']);
const KOREAN_PARTICLE =
  /(?<=^\p{sc=Hang}{2,})(?:에서|으로|이랑|까지|부터|에게|한테|은|는|이|가|을|를|의|에|와|과|도|로|만|랑)$/u;
/** A syllable that is being typed. */
const BEGUN_SYLLABLE = /(?<=.)[\u1100-\u1112]$/u;
const LONG_VOWEL = /(?<=\p{scx=Kana}{3,})ー$/u;

/**
 * The words of a part without blanks. Dictionaries cut it differently, so the index has every pair of letters, and
 * any part of a text finds it, regardless of the cut.
 */
function segmentsOf({ text }: Part): string[] {
  const plain = text.replace(BEGUN_SYLLABLE, '');
  if (/^\p{sc=Hang}+$/u.test(plain)) return [plain.replace(KOREAN_PARTICLE, '')];
  const segments = [...segmenter.segment(plain)].map(({ segment }) => segment.replace(LONG_VOWEL, ''));
  // A particle at the beginning belongs to a word that the dictionary does not have.
  return segments.filter((segment, index) => index === 0 || !PARTICLES.has(segment));
}

/** Every pair of letters of a short word; for a long one the pairs that cover it. */
function gramsOf(segment: string): string[] {
  const units = unitsOf({ text: segment, start: 0 }).map(({ text }) => text);
  if (units.length < 2) return units;
  const pairs = units.slice(1).map((unit, index) => `${units[index]}${unit}`);
  return pairs.length <= 4 ? pairs : pairs.filter((_, index) => index % 2 === 0 || index === pairs.length - 1);
}
