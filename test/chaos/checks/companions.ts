import type { CompanionSeat } from '../clients/protocol.ts';
import { type CheckResult, Findings } from './check.ts';
import type { TransitionFact } from './facts.ts';

/** K1: each booking that has a companion seat when it is made also has the wheelchair place of that seat. */
export function checkCompanions(
  companions: ReadonlyMap<string, readonly CompanionSeat[]>,
  transitions: ReadonlyMap<string, readonly TransitionFact[]>,
): CheckResult {
  const findings = new Findings('K1', 'a companion seat is sold only with its wheelchair place');
  for (const [event, pairs] of companions) {
    const made = (transitions.get(event) ?? []).filter(({ type, isSale }) => type === 'BookingCreated' || isSale);
    for (const { seatNo, placeNo } of pairs) {
      const own = made.filter(({ seats }) => seats.includes(seatNo));
      findings.looked += own.length;
      for (const { booking, version } of own.filter(({ seats }) => !seats.includes(placeNo)))
        findings.broken(`event ${event}: ${booking} has seat ${seatNo} without ${placeNo} at version ${version}`);
    }
  }
  return findings.result();
}
