import { type Token, tokensOf } from './document-words.ts';
import { prepared } from './fold.ts';
import { isGrams } from './groups.ts';

/** From `start` up to `end`, exclusive. */
export type Span = { readonly start: number; readonly end: number };

/** A text with its words, to find where the words of a query match in its original form. */
export type Readable = { readonly text: string; spansOf(matches: (word: string) => boolean): Span[] };

export function readable(text: string): Readable {
  const tokens = tokensOf(prepared(text), { neighbours: true });
  let written: Written | undefined;
  return {
    text,
    spansOf(matches) {
      const found = tokens.filter(({ word }) => matches(word));
      if (found.length === 0) return [];
      written ??= offsetsIn(text);
      const { startOf, endOf } = written;
      return found
        .filter((token) => isInnermost(token, found))
        .map(({ start, end }) => ({ start: startOf(start), end: endOf(end) }));
    },
  };
}

/** "world" marks the first word of "World Cup", which is also found as "worldcup". */
const isInnermost = (token: Token, others: readonly Token[]): boolean =>
  !others.some(({ start, end }) => start >= token.start && end <= token.end && end - start < token.end - token.start);

/** A letter with everything that joins it when it is composed: marks, the vowels of Hangul, half-width voicing. */
const CLUSTER = /.[\p{M}\u1160-\u11ff\uff9e\uff9f]*/gsu;

type Written = { readonly startOf: (at: number) => number; readonly endOf: (at: number) => number };

/** The offsets in `text` of what starts, or ends, at an offset of its prepared form. */
function offsetsIn(text: string): Written {
  if (prepared(text) === text) return { startOf: (at) => at, endOf: (at) => at };
  const clusters: Span[] = [];
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    for (let length = prepared(cluster).length; length > 0; length--)
      clusters.push({ start: index, end: index + cluster.length });
  }
  return {
    startOf: (at) => clusters[at]?.start ?? text.length,
    endOf: (at) => clusters[at - 1]?.end ?? text.length,
  };
}

/** The last word of a query may be incomplete. */
export function begins(word: string, isLast: boolean): (token: string) => boolean {
  if (isGrams(word)) return (token) => token === word;
  if (isLast || word.length > 2) return (token) => token.startsWith(word);
  return (token) => token === word;
}

/** As many misspellings as the engine accepts. */
export function looksLike(word: string): (token: string) => boolean {
  const allowed = isGrams(word) ? 0 : [4, 7].filter((from) => word.length >= from).length;
  const isAlike = (token: string) => distance(word, token.slice(0, word.length + allowed), allowed) <= allowed;
  return (token) => allowed > 0 && token.length + allowed >= word.length && isAlike(token);
}

/** How many letters have to change, so that `token` begins with `word`; more than `most` for any larger number. */
function distance(word: string, token: string, most: number): number {
  let row = Array.from({ length: token.length + 1 }, (_, index) => index);
  for (let i = 1; i <= word.length; i++) {
    const next = [i];
    for (let j = 1; j <= token.length; j++) {
      const changed = (row[j - 1] ?? 0) + (word[i - 1] === token[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return Math.min(...row);
}

/** In order; touching spans are joined. */
export function merged(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last && span.start <= last.end) all[all.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else all.push(span);
  }
  return all;
}
