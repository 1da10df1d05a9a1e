/** Values by name and labels, as in the text: `name{label="value"}`. */
export type Series = ReadonlyMap<string, number>;

/** Parses the text of a scrape like Prometheus. Throws on a line that is not in its text format. */
export function seriesOf(text: string): Series {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = /^([a-zA-Z_:][\w:]*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`This is no line of a scrape: ${line}`);
    series.set(name, Number(value));
  }
  return series;
}
