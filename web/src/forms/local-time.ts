/** Returns how far the clock of the zone is ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(instant);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(instant / 1000) * 1000;
}

/** What a clock at the venue shows at an instant, for a field of the kind `datetime-local`. Empty for no instant. */
export function localOf(instant: string | null | undefined, timeZone: string): string {
  if (!instant) return '';
  const at = Date.parse(instant);
  return new Date(at + offsetAt(at, timeZone)).toISOString().slice(0, 16);
}

/** The instant at which a clock at the venue shows this. A time that it shows twice is the first of the two. */
export function instantOf(local: string, timeZone: string): string | undefined {
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown)) return undefined;
  // The offset of the day before is that of the first of two equal times.
  const before = shown - offsetAt(shown - 86_400_000, timeZone);
  const isShown = before + offsetAt(before, timeZone) === shown;
  const at = isShown ? before : shown - offsetAt(before, timeZone);
  return new Date(at).toISOString();
}
