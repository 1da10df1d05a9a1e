const MOST = 20_000;

/** The latest results of a pure function of short texts: the words of a catalogue come again and again. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const results = new Map<string, T>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined) return known;
    const result = compute(text);
    if (results.size >= MOST) results.clear();
    // A text that nobody writes twice would only take room.
    if (text.length <= 40) results.set(text, result);
    return result;
  };
}
