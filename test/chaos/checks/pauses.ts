import type { HistoryRecord, HoldRecord, OrganizerRecord, SaleRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';

/** Longer than a request without an answer can wait for a process that fails, before it takes effect after all. */
const MAY_COME_LATE_MS = 20_000;

type Pause = { readonly from: number; readonly to: number };

/** A hold or a sale that was requested after the answer to a pause, and answered before the request to resume. */
type Paused<Attempt> = { readonly attempt: Attempt; readonly pause: Pause };

/**
 * S1: no hold that was requested after the answer to a pause, and answered before the request to resume, was made. A
 * pause counts from when no earlier request to resume may still take effect. A hold counts as looked at when the sale was what
 * decided it: it was made, or refused because of the pause.
 */
export function checkPauses(history: readonly HistoryRecord[]): CheckResult {
  const findings = new Findings('S1', 'nothing is sold between the answer to a pause and the request to resume');
  for (const { attempt, pause } of attemptsInPauses(history, 'hold')) {
    const { event, answer, from } = attempt;
    const isMade = answer?.replayed === false;
    if (isMade || isRefusedForPause(attempt)) findings.looked += 1;
    if (isMade)
      findings.broken(
        `event ${event}: ${answer.booking} was held at ${from.toFixed(1)}, paused from ${pause.from.toFixed(1)} to ${pause.to.toFixed(1)}`,
      );
  }
  return findings.result();
}

/** How many holds were refused because of a pause, and how many sales the box office made in one. */
export function countInPauses(history: readonly HistoryRecord[]): { readonly refused: number; readonly sold: number } {
  return {
    refused: attemptsInPauses(history, 'hold').filter(({ attempt }) => isRefusedForPause(attempt)).length,
    sold: attemptsInPauses(history, 'sale').filter(({ attempt }) => attempt.outcome === 'ok').length,
  };
}

/** Each event of a run stays within its sale period, so that a pause is the only reason for this code. */
const isRefusedForPause = ({ outcome, code }: HoldRecord): boolean =>
  outcome === 'refused' && code === 'EVENT_NOT_ON_SALE';

type Attempts = { hold: HoldRecord; sale: SaleRecord };

function attemptsInPauses<Kind extends keyof Attempts>(
  history: readonly HistoryRecord[],
  kind: Kind,
): Paused<Attempts[Kind]>[] {
  const pauses = pausesOf(history);
  const attempts = history.filter((record): record is Attempts[Kind] => record.kind === kind);
  return attempts.flatMap((attempt) => {
    const own = pauses.get(attempt.event) ?? [];
    const pause = own.find(({ from, to }) => attempt.from >= from && attempt.to <= to);
    return pause ? [{ attempt, pause }] : [];
  });
}

function pausesOf(history: readonly HistoryRecord[]): Map<string, Pause[]> {
  const pauses = new Map<string, Pause[]>();
  const acts = history.filter((record) => record.kind === 'organizer').sort((a, b) => a.from - b.from);
  for (const [event, own] of Map.groupBy(acts, (act) => act.event)) pauses.set(event, [...pausesIn(own)]);
  return pauses;
}

/** @param acts of one event, in the order of their requests */
function* pausesIn(acts: readonly OrganizerRecord[]): Generator<Pause> {
  let safeFrom = Number.NEGATIVE_INFINITY;
  let pausedAt: number | undefined;
  for (const { act, outcome, code, from, to } of acts) {
    if (act === 'pause' && outcome === 'ok') pausedAt ??= to;
    if (act !== 'resume') continue;
    if (pausedAt !== undefined && pausedAt >= safeFrom) yield { from: pausedAt, to: from };
    pausedAt = undefined;
    // Without a connection there was no request.
    if (outcome === 'unknown' && code !== 'ECONNREFUSED') safeFrom = to + MAY_COME_LATE_MS;
  }
}
