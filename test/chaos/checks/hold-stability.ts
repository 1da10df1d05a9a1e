import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { type BookingEffect, type Effect, requestsOf } from './requests.ts';
import { defaultTiming } from './seat-operations.ts';

type Interval = { readonly from: number; readonly to: number; readonly owner: string; readonly what: string };
type Seat = { readonly safe: Interval[]; readonly done: Interval[] };

/**
 * H1: from the answer to a hold until its deadline, and from the answer to a confirmation on, nobody else is told that
 * they have the seat; unless its owner gave it back or their payment was declined.
 * @param failed bookings whose payment has failed, by whatever
 */
export function checkHoldStability(
  history: readonly HistoryRecord[],
  {
    slackMs = defaultTiming.slackMs,
    failed = new Set<string>(),
  }: { slackMs?: number; failed?: ReadonlySet<string> } = {},
): CheckResult {
  const findings = new Findings('H1', 'a seat that was acknowledged is nobody else’s until its deadline');
  for (const [seat, { safe, done }] of intervalsOf(history, slackMs, failed)) {
    findings.looked += safe.length;
    for (const [kept, other] of clashes(safe, done))
      findings.broken(`${seat}: ${other.what} of ${other.owner} while it was ${kept.owner}’s by ${kept.what}`);
  }
  return findings.result();
}

function intervalsOf(
  history: readonly HistoryRecord[],
  slackMs: number,
  failed: ReadonlySet<string>,
): Map<string, Seat> {
  const { holds, cancels, confirms, fails } = requestsOf(history);
  const givenUp = earliest([...cancels, ...fails]);
  const seats = new Map<string, Seat>();
  const add = (effect: Effect & { owner: string }, what: string, safeUntil: number) => {
    const { owner, from, to } = effect;
    if (to === Number.POSITIVE_INFINITY) return;
    const until = Math.min(safeUntil, givenUp.get(owner) ?? Number.POSITIVE_INFINITY);
    for (const seatNo of effect.seats) {
      const key = `${effect.event} seat ${seatNo}`;
      const seat = seats.get(key) ?? { safe: [], done: [] };
      seats.set(key, seat);
      seat.done.push({ from, to, owner, what });
      if (until > to) seat.safe.push({ from: to, to: until, owner, what });
    }
  };
  for (const hold of holds) {
    const isFailed = hold.booking !== undefined && failed.has(hold.booking);
    add(hold, 'a hold', isFailed ? hold.from : (hold.expiresAt ?? hold.from) - slackMs);
  }
  for (const confirm of confirms) add(confirm, 'a confirmation', Number.POSITIVE_INFINITY);
  return seats;
}

function earliest(effects: readonly BookingEffect[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { owner, from } of effects) first.set(owner, Math.min(from, first.get(owner) ?? from));
  return first;
}

/** Pairs of which the second lies wholly within the first and is somebody else's. */
function clashes(safe: readonly Interval[], done: readonly Interval[]): [Interval, Interval][] {
  const found: [Interval, Interval][] = [];
  const waiting = safe.toSorted((a, b) => a.from - b.from);
  let active: Interval[] = [];
  let next = 0;
  for (const other of done.toSorted((a, b) => a.from - b.from)) {
    for (let one = waiting[next]; one && one.from <= other.from; one = waiting[++next]) active.push(one);
    active = active.filter(({ to }) => to >= other.from);
    for (const kept of active) if (kept.owner !== other.owner && other.to <= kept.to) found.push([kept, other]);
  }
  return found;
}
