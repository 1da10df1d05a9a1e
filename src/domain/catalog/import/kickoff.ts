/** Offset of a time zone at a local time, in minutes east of UTC. `zone` must be an IANA name. */
export function offsetMinutes(local: string, zone: string): number {
  return Temporal.PlainDateTime.from(local).toZonedDateTime(zone).offsetNanoseconds / 60e9;
}

/** `UTC-7`, `UTC+5:30`, `UTC` as minutes east of UTC. Undefined for any other text. */
export function parseUtcOffset(text: string): number | undefined {
  const match = /^UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?$/.exec(text);
  if (!match) return undefined;
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  if (minutes > 14 * 60) return undefined;
  return match[1] === '-' ? 0 - minutes : minutes;
}

/**
 * A local time, moved by whole weeks on the venue's own calendar: weekday and time on the clock stay, even when
 * summer time has begun or ended in between.
 */
export function instantAfterWeeks(local: string, zone: string, weeks: number): Date {
  const moved = Temporal.PlainDateTime.from(local).add({ weeks }).toZonedDateTime(zone);
  return new Date(moved.epochMilliseconds);
}

const WEEK_MS = 7 * 24 * 3_600_000;

/** The smallest number of whole weeks (it may be negative) that puts the earliest start at least `days` after `now`. */
export function weeksAhead(
  starts: readonly { startsLocal: string; timeZone: string }[],
  now: Date,
  days: number,
): number {
  const first = Math.min(...starts.map((start) => instantAfterWeeks(start.startsLocal, start.timeZone, 0).getTime()));
  return Math.ceil((now.getTime() + days * 24 * 3_600_000 - first) / WEEK_MS);
}

/** By how many whole weeks an event was moved, computed from its current start. */
export function weeksBetween(local: string, zone: string, startsAt: Date): number {
  return Math.round((startsAt.getTime() - instantAfterWeeks(local, zone, 0).getTime()) / WEEK_MS);
}

/** `2026-06-11` and `13:00` as `2026-06-11T13:00`; undefined when the calendar or the clock does not have it. */
export function parseLocal(date: string, time: string): string | undefined {
  try {
    return Temporal.PlainDateTime.from(`${date}T${time}`, { overflow: 'reject' }).toString({ smallestUnit: 'minute' });
  } catch {
    return undefined;
  }
}

/** True when the clocks of the zone skip this local time, in the night in which summer time begins. */
export function isSkipped(local: string, zone: string): boolean {
  const wanted = Temporal.PlainDateTime.from(local);
  return !wanted.toZonedDateTime(zone).toPlainDateTime().equals(wanted);
}

/** Why an event cannot start at this local time of this zone; undefined when it can. */
export function problemOfStart(date: string, time: string, zone: string): string | undefined {
  const local = parseLocal(date, time);
  if (!local) return `the calendar has no ${date} ${time}`;
  if (isSkipped(local, zone)) return `the clocks in ${zone} skip ${date} ${time}, since summer time begins then`;
  return undefined;
}

/**
 * The IANA name in its usual spelling, America/Toronto for `america/toronto`; undefined for a bare offset and an
 * unknown zone.
 */
export function timeZoneNamed(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    return new Temporal.ZonedDateTime(0n, name).timeZoneId;
  } catch {
    return undefined;
  }
}
