import { fold, formsOf, prepared } from './fold.ts';
import { type Group, groupsOf, isSpelt, joined, type Part, signOf, unitsOf } from './groups.ts';
import { remembered } from './remembered.ts';

/** A word by which a text is found, and its place in the prepared text. */
export type Token = { readonly word: string; readonly start: number; readonly end: number };

/** Longer words are cut: no one types that much, and the engine does not store more. */
const LONGEST = 30;
/** `neighbours`: adjacent words are also found as one word, so that "openair" finds "Open Air". */
type Options = { readonly neighbours: boolean };

/** All words by which a text is found, in its order, from {@link prepared} text. */
export function tokensOf(text: string, { neighbours }: Options): Token[] {
  const groups = groupsOf(text);
  const tokens: Token[] = [];
  for (const [index, group] of groups.entries()) {
    for (const part of group.parts) tokens.push(...(part.grams ? gramsOf(part) : wordsOf(part)));
    tokens.push(...wholesOf(group));
    const next = groups[index + 1];
    if (!next) continue;
    tokens.push(...gramAcross(text, group, next));
    if (neighbours) tokens.push(...acrossBlanks(groups, index));
  }
  return tokens;
}

/** The words of a text as the index stores them: in order, separated by blanks, with only letters, digits and marks. */
export const documentWords = (text: string, options: Options): string =>
  tokensOf(prepared(text), options)
    .map(({ word }) => word)
    .join(' ');

const tokenFor =
  ({ start, end }: { start: number; end: number }) =>
  (word: string): Token => ({
    word: word.length > LONGEST ? [...word].slice(0, LONGEST).join('') : word,
    start,
    end,
  });

const wordsOf = (part: Part): Token[] => wordsIn(part.text).map(tokenFor(part));

/** `Blink182` is found by its number as well. */
const wordsIn = remembered((text: string): readonly string[] => {
  const pieces = /\p{N}/u.test(text) ? (text.match(/\p{N}+|[^\p{N}]+/gu) ?? []) : [];
  return pieces.length > 1 ? [...formsOf(text), ...pieces.map(fold)] : formsOf(text);
});

/**
 * Each letter, and each pair of letters: a text without blanks is found by them, regardless of how it is cut into
 * words.
 */
function gramsOf(part: Part): Token[] {
  const units = unitsOf(part);
  return units.flatMap((unit, index) => {
    const next = units[index + 1];
    const pair = next && { word: unit.text + next.text, start: unit.start, end: next.end };
    return pair ? [{ ...unit, word: unit.text }, pair] : [{ ...unit, word: unit.text }];
  });
}

/** "서울 재즈" is found by "서울재즈", because blanks are optional there. */
function gramAcross(text: string, group: Group, next: Group): Token[] {
  const [last, first] = [group.parts.at(-1), next.parts[0]];
  if (!last?.grams || !first?.grams || !/^[\s・·]+$/u.test(text.slice(last.end, first.start))) return [];
  const [a, b] = [unitsOf(last).at(-1), unitsOf(first)[0]];
  return a && b ? [{ word: a.text + b.text, start: a.start, end: b.end }] : [];
}

const spanOf = (groups: readonly Group[]) => ({
  start: groups[0]?.parts[0]?.start ?? 0,
  end: groups.at(-1)?.parts.at(-1)?.end ?? 0,
});

const SIGN = /[$+#]/;
/** The group as one word: with the signs that replace letters, and without any. */
function wholesOf(group: Group): Token[] {
  if (group.parts.length === 1 && !SIGN.test(`${group.before}${group.after}`)) return [];
  const words: string[] = [];
  const bare = group.parts.map(({ text }) => text).join('');
  if (group.parts.length > 1) words.push(bare, ...pairsIn(group));
  if (isSpelt(group)) words.push(joined(group));
  if (group.links.includes('&')) words.push(group.parts.map(({ text }) => text).join('n'));
  const sign = signOf(group);
  if (sign) words.push(`${bare}${sign}`);
  return words.flatMap(formsOf).map(tokenFor(spanOf([group])));
}

/** "rheinmain" finds "Rhein-Main-Donau". */
const pairsIn = ({ parts }: Group): string[] =>
  parts.length < 3 ? [] : parts.slice(1).map(({ text }, index) => `${parts[index]?.text}${text}`);

const textOf = ({ parts }: Group): string =>
  parts.length === 1 ? (parts[0]?.text ?? '') : parts.map(({ text }) => text).join('');
const isSpeltOut = (group: Group | undefined): group is Group => group?.parts.every(({ grams }) => !grams) ?? false;
const isLetter = (group: Group): boolean => group.parts.length === 1 && group.parts[0]?.text.length === 1;

/** "Open Air" by "openair", "R E M" by "rem", "Rock 'n' Roll" by "rocknroll". */
function acrossBlanks(groups: readonly Group[], index: number): Token[] {
  const [first, second] = [groups[index], groups[index + 1]];
  if (!isSpeltOut(first) || !isSpeltOut(second)) return [];
  const run = [first, second];
  while (run.length < 8) {
    const next = groups[index + run.length];
    const last = run.at(-1);
    if (!isSpeltOut(next) || !last || !isLetter(last)) break;
    run.push(next);
  }
  const chains = run.length === 2 ? [run] : [run.slice(0, 2), run, lettersOf(run)];
  return chains
    .filter((chain) => chain.length > 1)
    .map((chain) => tokenFor(spanOf(chain))(fold(chain.map(textOf).join(''))));
}

/** The letters of "R E M live" without the words behind them. */
const lettersOf = (run: readonly Group[]): readonly Group[] =>
  run.slice(0, -1).every(isLetter) && !run.every(isLetter) ? run.slice(0, -1) : [];
