import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { type BookingEffect, type Effect, type Requests, requestsOf } from './requests.ts';
import { defaultTiming } from './seat-operations.ts';

type Interval = { readonly from: number; readonly to: number; readonly owner: string; readonly what: string };
type Seat = { readonly safe: Interval[]; readonly done: Interval[] };

type Options = {
  readonly slackMs?: number;
  /** The promised duration of a hold; if given, its deadline is compared. */
  readonly holdTtlMs?: number | undefined;
  /** Bookings that may have ended, or lost a seat, without an action of the fan. */
  readonly ended?: ReadonlySet<string>;
  /** The owners of bookings (`ownerOf`), where the answer to the hold was lost. */
  readonly owners?: ReadonlyMap<string, string>;
};

/**
 * H1: from the answer to a hold until its deadline, and from the answer to a confirmation or a sale on, no other user is told
 * that they have the seat, unless its owner gave it back, or the payment was declined or
 * went back without the owner.
 */
export function checkHoldStability(history: readonly HistoryRecord[], options: Options = {}): CheckResult {
  const findings = new Findings('H1', 'an acknowledged seat belongs to no other user until its deadline');
  const { slackMs = defaultTiming.slackMs, ended = new Set<string>(), holdTtlMs } = options;
  const requests = requestsOf(history, options.owners);
  for (const [seat, { safe, done }] of intervalsOf(requests, slackMs, ended)) {
    findings.looked += safe.length;
    for (const [kept, other] of clashes(safe, done))
      findings.broken(`${seat}: ${other.what} of ${other.owner} while it was ${kept.owner}’s by ${kept.what}`);
  }
  for (const { user, owner, booking } of requests.cancels.filter(isDone))
    if (isStranger(user, owner)) findings.broken(`booking ${booking} of ${owner} was given back by ${user}`);
  if (holdTtlMs !== undefined) checkDeadlines(findings, history, { holdTtlMs, slackMs });
  return findings.result();
}

const isDone = ({ to }: Effect): boolean => to !== Number.POSITIVE_INFINITY;
/** An unknown owner is named by the booking alone. */
const isStranger = (user: string, owner: string): boolean => owner.includes(' ') && !owner.startsWith(`${user} `);

/** A fresh hold lasts as long as promised, from some moment between the request and the answer. */
function checkDeadlines(
  findings: Findings,
  history: readonly HistoryRecord[],
  { holdTtlMs, slackMs }: { holdTtlMs: number; slackMs: number },
): void {
  for (const record of history) {
    if (record.kind !== 'hold' || !record.answer || record.answer.replayed) continue;
    const { expiresAt, booking } = record.answer;
    if (expiresAt < record.from + holdTtlMs - slackMs || expiresAt > record.to + holdTtlMs + slackMs)
      findings.broken(`the hold ${booking} lasts ${Math.round(expiresAt - record.to)} ms instead of ${holdTtlMs}`);
  }
}

function intervalsOf(
  { holds, sales, cancels, confirms, fails }: Requests,
  slackMs: number,
  ended: ReadonlySet<string>,
): Map<string, Seat> {
  const givenUp = earliest([...cancels, ...fails].filter(({ user, owner }) => !isStranger(user, owner)));
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
    const isEnded = hold.booking !== undefined && ended.has(hold.booking);
    add(hold, 'a hold', isEnded ? hold.from : (hold.expiresAt ?? hold.from) - slackMs);
  }
  for (const confirm of confirms)
    add(confirm, 'a confirmation', ended.has(confirm.booking) ? confirm.from : Number.POSITIVE_INFINITY);
  for (const sale of sales) add(sale, 'a sale', Number.POSITIVE_INFINITY);
  return seats;
}

function earliest(effects: readonly BookingEffect[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { owner, from } of effects) first.set(owner, Math.min(from, first.get(owner) ?? from));
  return first;
}

/** Pairs of which the second lies wholly within the first and belongs to another user. */
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
