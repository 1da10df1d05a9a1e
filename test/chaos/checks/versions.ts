import { changesBetween, decodeStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import type { SeatMapFact, TransitionFact } from './facts.ts';
import { EventReplay } from './replay.ts';

type Transitions = ReadonlyMap<string, readonly TransitionFact[]>;
type Maps = ReadonlyMap<string, SeatMapFact>;

/**
 * V1: taken in the order of their versions, all transitions of an event are allowed from the state of the seats, no
 * version is missing or duplicated, and the last one leaves the seat map of the database. Finds double sales that
 * were undone.
 */
export function checkVersions(transitions: Transitions, maps: Maps): CheckResult {
  const findings = new Findings(
    'V1',
    'the transitions of an event, in the order of their versions, are legal and make its map',
  );
  for (const [event, steps] of transitions) {
    const map = maps.get(event);
    if (!map) {
      findings.broken(`event ${event} has no inventory`);
      continue;
    }
    const replay = new EventReplay(map.seatCount);
    for (const step of steps) {
      findings.looked += 1;
      const wrong = replay.take(step);
      if (wrong) findings.broken(`event ${event}: ${wrong}`);
    }
    const different = changesBetween(replay.statuses, map.statuses).length;
    if (replay.version !== map.version || different > 0)
      findings.broken(`event ${event}: ends at version ${replay.version} of ${map.version}, ${different} seats differ`);
  }
  return findings.result();
}

/** W4: no user ever has more seats of an event than allowed, held and booked together, at any version. */
export function checkSeatsPerUser(transitions: Transitions, maps: Maps, limit: number): CheckResult {
  const findings = new Findings('W4', 'no user has more seats of an event than the limit, at any version');
  for (const [event, steps] of transitions) {
    const replay = new EventReplay(maps.get(event)?.seatCount ?? 0);
    for (const step of steps) {
      findings.looked += 1;
      replay.take(step);
      const count = replay.seatsOf(step.user);
      // No limit of a fan counts at the box office.
      if (!step.isSale && count > limit)
        findings.broken(`event ${event}: ${step.user} has ${count} seats at version ${step.version}`);
    }
  }
  return findings.result();
}

/**
 * M1: each seat map that was read, or built from a subscription, shows the true state of the version that it names,
 * seat by seat.
 */
export function checkMapReads(history: readonly HistoryRecord[], transitions: Transitions, maps: Maps): CheckResult {
  const findings = new Findings(
    'M1',
    'a seat map that was read, or built from changes, is the true state of its version',
  );
  const reads = history.flatMap((record) =>
    record.kind === 'map' && record.map ? [{ event: record.event, ...record.map }] : [],
  );
  for (const [event, own] of Map.groupBy(reads, (read) => read.event)) {
    const replay = new EventReplay(maps.get(event)?.seatCount ?? 0);
    const steps = transitions.get(event) ?? [];
    let taken = 0;
    findings.looked += own.length;
    for (const { version, statuses } of own.toSorted((a, b) => a.version - b.version)) {
      // If a version is there twice, which V1 reports, each step is still taken once.
      for (let step = steps[taken]; step && step.version <= version; step = steps[taken]) {
        replay.take(step);
        taken += 1;
      }
      const what = `event ${event}: the map of version ${version}`;
      if (replay.version !== version) findings.broken(`${what}, which never was`);
      const different = changesBetween(replay.statuses, decodeStatuses(statuses, replay.seatCount)).length;
      if (different > 0) findings.broken(`${what} is wrong about ${different} seats`);
    }
  }
  return findings.result();
}
