const LOCAL = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::[0-5]\d(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?$/;

/** `problem`: the end of a sentence that begins with the name of the time. */
export type ReadTime = { readonly at: Date } | { readonly problem: string };

/**
 * Reads a time as the clock of the venue shows it, `2026-06-11T20:00`, or with an offset from UTC, which makes it exact. Without
 * an offset it must be a time that the clock shows once: not one that it skips, nor one that it repeats.
 */
export function readLocalTime(text: string, timeZone: string): ReadTime {
  const [, wall, offset] = LOCAL.exec(text) ?? [];
  if (wall === undefined)
    return { problem: 'must look like 2026-06-11T20:00, or with an offset 2026-06-11T20:00+02:00' };
  const local = plainOf(wall);
  if (!local) return { problem: `is not in the calendar: ${wall}` };
  if (offset !== undefined) return instantOf(`${wall}${offset}`);
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  const later = local.toZonedDateTime(timeZone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds) return { at: new Date(earlier.epochMilliseconds) };
  if (!earlier.toPlainDateTime().equals(local)) return { problem: `is skipped by the clocks in ${timeZone}: ${wall}` };
  return {
    problem: `comes twice on the clocks in ${timeZone}: ${wall}. Give it with its offset, ${wall}${earlier.offset} or ${wall}${later.offset}`,
  };
}

function plainOf(wall: string): Temporal.PlainDateTime | undefined {
  try {
    return Temporal.PlainDateTime.from(wall, { overflow: 'reject' });
  } catch {
    return undefined;
  }
}

function instantOf(text: string): ReadTime {
  try {
    return { at: new Date(Temporal.Instant.from(text).epochMilliseconds) };
  } catch {
    return { problem: `has an offset that no clock has: ${text}` };
  }
}

const wallOf = (at: Date, timeZone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDateTime();

/** A time that the clocks skip becomes the one after it, and of two the first. */
const instantAt = (wall: Temporal.PlainDateTime, timeZone: string): Date =>
  new Date(wall.toZonedDateTime(timeZone).epochMilliseconds);

/**
 * A time of an event, moved with its start: its distance to the start stays the same on the clock of the venue, also when
 * summer time begins or ends in between.
 */
export function movedWith(at: Date, { from, to, timeZone }: { from: Date; to: Date; timeZone: string }): Date {
  const distance = wallOf(from, timeZone).until(wallOf(at, timeZone));
  return instantAt(wallOf(to, timeZone).add(distance), timeZone);
}

/** The instant at which the clocks of another zone show what those of this zone show at `at`. */
export const inOtherZone = (at: Date, { from, to }: { from: string; to: string }): Date =>
  instantAt(wallOf(at, from), to);
