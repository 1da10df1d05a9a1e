import { seededRandom, seedFor } from '#test/fans/random.ts';
import { instant } from '../history.ts';
import type { Stage } from './protocol.ts';

/** One round of an organizer at an event, as organizers and fans both know it without a word between them. */
export type Round = {
  readonly number: number;
  /** Of the allocation, which no other round names. */
  readonly name: string;
  readonly seatNos: readonly number[];
  readonly code: string;
  readonly uses: number;
  /** Off each face price; 0: the code opens the allocation alone. */
  readonly percent: number;
  /** How long the allocation lasts; 0: until it is released, if ever. */
  readonly lastsMs: number;
};

/** Rounds begin this far apart, if the answers come in time. */
export const ROUND_MS = 700;

/** The number of the round that is on at this moment, for clients that began at `beganAt`. */
export const roundAt = (beganAt: number): number => Math.floor((instant() - beganAt) / ROUND_MS);

export function roundOf(seed: number, stage: Stage, number: number): Round {
  const random = seededRandom(seedFor(seed, `round ${number} of ${stage.seatCount}`));
  const count = Math.min(1 + random.below(4), Math.ceil(stage.seatCount / 8));
  const first = random.below(stage.seatCount - count);
  return {
    number,
    name: `block ${number}`,
    seatNos: Array.from({ length: count }, (_, index) => first + index),
    code: `ROUND-${number}-${stage.eventId.slice(-6)}`,
    uses: random.pick([1, 1, 2, 3, 1_000]),
    percent: random.pick([0, 10, 50]),
    lastsMs: number === 0 ? 2_000 : random.pick([0, 1_500, 3_000]),
  };
}
