import { LRUCache } from 'lru-cache';

const MOST = 20_000;
/** A longer text is hardly repeated and would only take memory. */
const LONGEST = 40;

/** The latest results of a pure function of short texts, because the words of a catalogue repeat often. */
export function remembered<T extends string | readonly string[]>(compute: (text: string) => T): (text: string) => T {
  const results = new LRUCache<string, T>({ max: MOST });
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (text.length <= LONGEST) results.set(text, result);
    return result;
  };
}
