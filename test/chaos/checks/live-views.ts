import {
  changedSeat,
  changedStatus,
  changesBetween,
  decodeStatuses,
  statusAt,
} from '#domain/inventory/packed-statuses-rules.ts';
import type { BookingFrame, HistoryRecord, SeatFrame, SeatView } from '../history.ts';
import { mayFollow } from './booking-order.ts';
import { type CheckResult, Findings } from './check.ts';
import type { SeatMapFact } from './facts.ts';

/** A subscription that missed something is complete again within this time. */
const RESYNC_MS = 2_000;

/**
 * R1: per subscription versions never go back, each frame begins where the last one ended or a reset follows within
 * two seconds, and at rest a client's map is the database's, seat by seat.
 */
export function checkLiveViews(history: readonly HistoryRecord[], maps: ReadonlyMap<string, SeatMapFact>): CheckResult {
  const findings = new Findings('R1', 'what subscribers see follows the database, in order and without gaps');
  const frames = new Map<string, SeatFrame[]>();
  const bookingFrames = new Map<string, BookingFrame[]>();
  for (const record of history) {
    if (record.kind === 'seatFrame') push(frames, record);
    else if (record.kind === 'bookingFrame') push(bookingFrames, record);
    else if (record.kind === 'view') checkView(findings, record, maps.get(record.event));
  }
  for (const [subscription, own] of frames) checkFrames(findings, subscription, own);
  for (const [subscription, own] of bookingFrames) checkBookingFrames(findings, subscription, own);
  return findings.result();
}

function push<T extends { subscription: string }>(groups: Map<string, T[]>, record: T): void {
  const group = groups.get(record.subscription);
  if (group) group.push(record);
  else groups.set(record.subscription, [record]);
}

function checkFrames(findings: Findings, subscription: string, frames: readonly SeatFrame[]): void {
  let version: number | undefined;
  let brokenSince: number | undefined;
  for (const { fromVersion, toVersion, at } of frames) {
    findings.looked += 1;
    if (version !== undefined && toVersion < version)
      findings.broken(`subscription ${subscription}: version ${toVersion} after ${version}`);
    if (brokenSince !== undefined && at - brokenSince > RESYNC_MS) {
      findings.broken(`subscription ${subscription}: no reset within 2 s after a gap at version ${version}`);
      brokenSince = undefined;
    }
    if (fromVersion === null) brokenSince = undefined;
    else if (version !== undefined && fromVersion !== version) brokenSince ??= at;
    version = toVersion;
  }
  if (brokenSince !== undefined)
    findings.broken(`subscription ${subscription}: a gap before version ${version} was never healed`);
}

function checkBookingFrames(findings: Findings, subscription: string, frames: readonly BookingFrame[]): void {
  let before: BookingFrame | undefined;
  for (const frame of frames) {
    findings.looked += 1;
    if (before && (before.booking !== frame.booking || !mayFollow(before.status, frame.status)))
      findings.broken(`subscription ${subscription}: ${frame.status} after ${before.status}`);
    before = frame;
  }
}

function checkView(findings: Findings, view: SeatView, map: SeatMapFact | undefined): void {
  findings.looked += 1;
  const { subscription, event, version } = view;
  if (!map) {
    findings.broken(`subscription ${subscription}: there is no event ${event}`);
    return;
  }
  if (version !== map.version)
    findings.broken(`subscription ${subscription}: rests at version ${version}, the database at ${map.version}`);
  const changes = changesBetween(decodeStatuses(view.statuses, map.seatCount), map.statuses);
  if (changes.length === 0) return;
  const shown = decodeStatuses(view.statuses, map.seatCount);
  const seats = changes.slice(0, 5).map((change) => {
    const seatNo = changedSeat(change);
    return `${seatNo} is ${changedStatus(change)} and shown ${statusAt(shown, seatNo)}`;
  });
  findings.broken(`subscription ${subscription}: ${changes.length} seats of ${event} differ: ${seats.join(', ')}`);
}
