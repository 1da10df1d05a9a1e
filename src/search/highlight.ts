import { begins, looksLike, merged, type Readable, readable, type Span } from './normal-form/marked-spans.ts';
import type { SearchWords } from './normal-form/query-words.ts';

/** `snippet` is HTML-escaped, with only `<mark>` around the matched words. */
export type EventHighlight = { readonly field: string; readonly snippet: string };

/** The fields of an event that a client sees and that are searched. */
export type SearchedEvent = {
  readonly title: string;
  readonly performers: readonly string[];
  readonly description: string;
  readonly venue: string;
  readonly city: string;
};

type Field = Readable & { readonly field: string; readonly spans: Span[] };

/**
 * The texts that show why an event was found. Both implementations of search mark with this function, because neither
 * returns the text that it searches, which is in its normal form.
 */
export function highlightsOf(event: SearchedEvent, asked: SearchWords): EventHighlight[] {
  const names = [
    fieldOf('title', event.title),
    ...event.performers.map((text) => fieldOf('performers', text)),
    fieldOf('venue', event.venue),
    fieldOf('city', event.city),
  ];
  const description: Field[] = [];
  // It may be long: it is split only for a word that is in none of the names.
  const described = () => {
    if (description.length === 0) description.push(fieldOf('description', event.description));
    return description;
  };
  asked.words.forEach((word, index) => {
    const isThere = begins(word, index === asked.words.length - 1);
    const alike = looksLike(word);
    mark(names, isThere) || mark(described(), isThere) || mark(names, alike) || mark(described(), alike);
  });
  const found = snippetsOf([...names, ...description]);
  if (found.length > 0 || asked.orElse === undefined) return found;
  return highlightsOf(event, { words: asked.orElse, orElse: undefined });
}

/** A title with the typed words marked, escaped like {@link EventHighlight}. */
export function markedTitle(title: string, asked: SearchWords): string {
  const event = { title, performers: [], description: '', venue: '', city: '' };
  return highlightsOf(event, asked)[0]?.snippet ?? escaped(title);
}

const fieldOf = (field: string, text: string): Field => ({ field, ...readable(text), spans: [] });

function mark(fields: readonly Field[], matches: (word: string) => boolean): boolean {
  let isThere = false;
  for (const { spans, spansOf } of fields) {
    const found = spansOf(matches);
    spans.push(...found);
    isThere ||= found.length > 0;
  }
  return isThere;
}

function snippetsOf(fields: readonly Field[]): EventHighlight[] {
  const byField = new Map<string, string[]>();
  for (const { field, text, spans } of fields) {
    if (spans.length > 0) byField.set(field, [...(byField.get(field) ?? []), marked(text, merged(spans))]);
  }
  return [...byField].map(([field, snippets]) => ({ field, snippet: snippets.join(', ') }));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const LONGEST_SNIPPET = 300;
const BEFORE_THE_FIRST = 60;

/** All of a short text; of a long one the part around its first match. */
function marked(text: string, spans: readonly Span[]): string {
  const first = spans[0]?.start ?? 0;
  const isLong = text.length > LONGEST_SNIPPET;
  const from = isLong ? wordStart(text, first - BEFORE_THE_FIRST, first) : 0;
  const to = isLong ? Math.max(wordEnd(text, from + LONGEST_SNIPPET), spans[0]?.end ?? 0) : text.length;
  let html = from > 0 ? '… ' : '';
  let at = from;
  for (const { start, end } of spans.filter((span) => span.end <= to)) {
    html += `${escaped(text.slice(at, start))}<mark>${escaped(text.slice(start, end))}</mark>`;
    at = end;
  }
  return `${html}${escaped(text.slice(at, to))}${to < text.length ? ' …' : ''}`;
}

/** Behind a blank, so that no word and no letter is cut. */
function wordStart(text: string, from: number, first: number): number {
  if (from <= 0) return 0;
  const blank = text.slice(from, first).search(/\s/);
  return blank < 0 ? first : from + blank + 1;
}

/** Before a blank; without one, not between the halves of a character. */
function wordEnd(text: string, to: number): number {
  if (to >= text.length) return text.length;
  const blank = text.lastIndexOf(' ', to);
  if (blank > to - BEFORE_THE_FIRST) return blank;
  return /[\udc00-\udfff]/.test(text.charAt(to)) ? to - 1 : to;
}
