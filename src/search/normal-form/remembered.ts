const MOST = 20_000;

/** The latest results of a pure function of short texts, because the words of a catalogue repeat often. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= MOST) results.clear();
    // A long text is hardly repeated and would only take memory.
    if (text.length <= 40) results.set(text, result);
    return result;
  };
}
