const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/**
 * Parses an ISO 8601 time with its offset, `2026-06-11T20:00:00Z`. Undefined for any other text, and for a day that
 * the calendar does not have: JavaScript would move 30 February to 2 March.
 */
export function parseInstant(text: string): Date | undefined {
  const [, year, month, day] = INSTANT.exec(text) ?? [];
  if (!day || Number(month) < 1 || Number(month) > 12) return undefined;
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  return new Date(text);
}

/** Day 0 of the next month is the last day of this month. */
function daysIn(year: number, month: number): number {
  const last = new Date(0);
  last.setUTCFullYear(year, month, 0);
  return last.getUTCDate();
}
