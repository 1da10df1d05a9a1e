import type { Random } from '#test/fans/random.ts';
import { instant } from '../history.ts';
import type { Wish } from '../recorded-fan.ts';
import { ROUND_MS, roundOf } from './organizer-plan.ts';
import type { Stage } from './protocol.ts';

/** Some rounds ahead of the organizer, whose codes do not exist yet. */
const AHEAD = 2;
const ROUNDS_BACK = 6;
const CHILD_TICKETS = 0.3;

/** What a fan wants at an event: seats by number, and at the events of the organizer all other ways to hold. */
export function wishAt(stage: Stage, random: Random, of: { seed: number; beganAt: number }): Wish {
  const count = 1 + random.below(3);
  if (!stage.isOrganized) return { seatNos: seatsFrom(random.below(stage.seatCount - count), count) };
  const past = Math.floor((instant() - of.beganAt) / ROUND_MS) + AHEAD;
  const round = roundOf(of.seed, stage, Math.max(0, past - random.below(ROUNDS_BACK + AHEAD)));
  const codes = random.chance(0.45) ? { codes: [round.code] } : {};
  const type = random.chance(CHILD_TICKETS) ? { ticketType: 'child' } : {};
  const chance = random.next();
  const ofRound = round.seatNos.filter((seatNo) => seatNo < stage.areaFrom);
  // With the code of the round, or without.
  if (chance < 0.4 && ofRound.length > 0) return { seatNos: ofRound, ...codes, ...type };
  if (chance < 0.6) return { seatNos: [], best: count, ...codes, ...type };
  if (chance < 0.8 && stage.areaId)
    return { seatNos: [], places: { sectionId: stage.areaId, count }, ...codes, ...type };
  return { seatNos: seatsFrom(random.below(stage.areaFrom - count), count), ...codes, ...type };
}

const seatsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);
