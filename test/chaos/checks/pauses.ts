import type { HistoryRecord, OrganizerRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';

/** Longer than a request without an answer can wait for a process that fails, before it takes effect after all. */
const MAY_COME_LATE_MS = 20_000;

type Pause = { readonly from: number; readonly to: number };

/**
 * S1: no hold that was requested after the answer to a pause, and answered before the request to resume, was made. A
 * pause counts from when no earlier request to resume may still take effect.
 */
export function checkPauses(history: readonly HistoryRecord[]): CheckResult {
  const findings = new Findings('S1', 'nothing is sold between the answer to a pause and the request to resume');
  const pauses = pausesOf(history);
  for (const record of history) {
    if (record.kind !== 'hold') continue;
    for (const { from, to } of pauses.get(record.event) ?? []) {
      if (record.from < from || record.to > to) continue;
      findings.looked += 1;
      if (record.answer?.replayed === false)
        findings.broken(
          `event ${record.event}: ${record.answer.booking} was held at ${record.from.toFixed(1)}, paused from ${from.toFixed(1)} to ${to.toFixed(1)}`,
        );
    }
  }
  return findings.result();
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
  for (const { act, outcome, from, to } of acts) {
    if (act === 'pause' && outcome === 'ok') pausedAt ??= to;
    if (act !== 'resume') continue;
    if (pausedAt !== undefined && pausedAt >= safeFrom) yield { from: pausedAt, to: from };
    pausedAt = undefined;
    if (outcome === 'unknown') safeFrom = to + MAY_COME_LATE_MS;
  }
}
