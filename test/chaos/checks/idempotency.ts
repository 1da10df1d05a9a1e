import type { HistoryRecord, HoldAnswer, HoldRecord } from '../history.ts';
import { mayFollow } from './booking-order.ts';
import { type CheckResult, Findings } from './check.ts';
import { ownerOf } from './requests.ts';

type Answered = HoldRecord & { readonly answer: HoldAnswer };

/** The one recorded extension of a hold. */
const MAX_EXTENSION_MS = 120_000;
/** The wall clock may have been adjusted a little between two answers. */
const CLOCK_MS = 50;

/**
 * H2: all ok answers to one (user, key) are the same, except `replayed` and what changes by itself: the status along
 * its transitions, and the deadline by its one extension. At most one of them was not a replay.
 */
export function checkIdempotency(history: readonly HistoryRecord[]): CheckResult {
  const findings = new Findings('H2', 'one user and key, one booking: every answer is the same');
  const byKey = new Map<string, Answered[]>();
  for (const record of history) {
    if (record.kind !== 'hold' || !record.answer) continue;
    const owner = ownerOf(record.user, record.key);
    const answers = byKey.get(owner);
    if (answers) answers.push(record as Answered);
    else byKey.set(owner, [record as Answered]);
  }
  for (const [owner, answers] of byKey) {
    findings.looked += answers.length;
    for (const what of differences(answers)) findings.broken(`${owner}: ${what}`);
  }
  return findings.result();
}

function* differences(answers: readonly Answered[]): Generator<string> {
  const [first, ...others] = answers;
  if (!first) return;
  for (const one of answers) {
    if (sorted(one.answer.seats) !== sorted(one.seats))
      yield `asked for the seats ${one.seats.join()}, got ${one.answer.seats.join()}`;
  }
  const original = fixedOf(first);
  for (const other of others) {
    const fixed = fixedOf(other);
    if (fixed !== original) yield `${original} and ${fixed}`;
  }
  const deadlines = answers.map(({ answer }) => answer.expiresAt).sort((a, b) => a - b);
  const moves = deadlines.map((at, index) => at - (deadlines[index - 1] ?? at)).filter((ms) => ms > CLOCK_MS);
  if (moves.length > 1) yield `${moves.length + 1} different deadlines`;
  for (const ms of moves) if (ms > MAX_EXTENSION_MS + CLOCK_MS) yield `the deadline moved by ${Math.round(ms)} ms`;
  const executed = answers.filter(({ answer }) => !answer.replayed).length;
  if (executed > 1) yield `carried out ${executed} times`;
  yield* backwards(answers);
}

function* backwards(answers: readonly Answered[]): Generator<string> {
  const inOrder = answers.toSorted((a, b) => a.from - b.from);
  for (const [index, later] of inOrder.entries()) {
    for (const earlier of inOrder.slice(Math.max(0, index - 8), index)) {
      if (earlier.to < later.from && !mayFollow(earlier.answer.status, later.answer.status))
        yield `${later.answer.status} after ${earlier.answer.status}`;
    }
  }
}

const sorted = (seats: readonly number[]): string => seats.toSorted((a, b) => a - b).join();

const fixedOf = ({ event, answer }: Answered): string =>
  `booking ${answer.booking} of event ${event}, seats ${sorted(answer.seats)}, ${answer.totalMinor} ${answer.currency}`;
