import type { Random } from '#test/fans/random.ts';
import type { Wish } from '../recorded-fan.ts';
import { roundAt, roundOf } from './organizer-plan.ts';
import type { Stage } from './protocol.ts';

/** Some rounds ahead of the organizer, whose codes do not exist yet. */
const AHEAD = 2;
const ROUNDS_BACK = 6;
const CHILD_TICKETS = 0.3;
const COMPANIONS = 0.1;
const WITHOUT_PLACE = 0.3;

/** What a fan wants at an event: seats by number, and at the events of the organizer all other ways to hold. */
export function wishAt(stage: Stage, random: Random, of: { seed: number; beganAt: number }): Wish {
  const count = 1 + random.below(3);
  if (!stage.isOrganized) return { seatNos: seatsFrom(random.below(stage.seatCount - count), count) };
  const past = roundAt(of.beganAt) + AHEAD;
  const round = roundOf(of.seed, stage, Math.max(0, past - random.below(ROUNDS_BACK + AHEAD)));
  const codes = random.chance(0.45) ? { codes: [round.code] } : {};
  const type = random.chance(CHILD_TICKETS) ? { ticketType: 'child' } : {};
  const chance = random.next();
  const ofRound = round.seatNos.filter((seatNo) => seatNo < stage.areaFrom);
  if (stage.companions.length > 0 && random.chance(COMPANIONS))
    return { seatNos: withCompanion(stage, random), ...type };
  // With the code of the round, or without.
  if (chance < 0.4 && ofRound.length > 0) return { seatNos: ofRound, ...codes, ...type };
  if (chance < 0.6) return { seatNos: [], best: count, ...codes, ...type };
  if (chance < 0.8 && stage.areaId)
    return { seatNos: [], places: { sectionId: stage.areaId, count }, ...codes, ...type };
  return { seatNos: seatsFrom(random.below(stage.areaFrom - count), count), ...codes, ...type };
}

/** A companion seat with its wheelchair place, or without it, which is refused. */
function withCompanion({ companions }: Stage, random: Random): number[] {
  const { seatNo, placeNo } = random.pick(companions);
  return random.chance(WITHOUT_PLACE) ? [seatNo] : [seatNo, placeNo];
}

/** Whether these seats have a companion seat without its wheelchair place. */
export const hasLoneCompanion = ({ companions }: Stage, seatNos: readonly number[]): boolean =>
  companions.some(({ seatNo, placeNo }) => seatNos.includes(seatNo) && !seatNos.includes(placeNo));

/** What the box office sells to its next customer: seats, also those of the last rounds, or places. Never a lone companion seat. */
export function saleAt(stage: Stage, random: Random, of: { seed: number; beganAt: number }): Wish {
  const count = stage.isHot ? 1 : 1 + random.below(3);
  const type = random.chance(CHILD_TICKETS) ? { ticketType: 'child' } : {};
  const chance = random.next();
  if (chance < 0.4 && stage.areaId) return { seatNos: [], places: { sectionId: stage.areaId, count }, ...type };
  if (chance < 0.5 && stage.companions.length > 0) {
    const { seatNo, placeNo } = random.pick(stage.companions);
    return { seatNos: [seatNo, placeNo], ...type };
  }
  const round = roundOf(of.seed, stage, Math.max(0, roundAt(of.beganAt) - random.below(ROUNDS_BACK)));
  const ofRound = round.seatNos.filter((seatNo) => seatNo < stage.areaFrom).slice(0, count);
  const seatNos = chance < 0.7 && ofRound.length > 0 ? ofRound : seatsFrom(random.below(stage.areaFrom - count), count);
  return { seatNos: [...new Set(seatNos.flatMap((seatNo) => withPlace(stage, seatNo)))], ...type };
}

function withPlace({ companions }: Stage, seatNo: number): number[] {
  const pair = companions.find((one) => one.seatNo === seatNo);
  return pair ? [seatNo, pair.placeNo] : [seatNo];
}

const seatsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index);
