import type { OrphanPolicy } from '#domain/catalog/event-life/event-values-rules.ts';
import type { Hall } from '#domain/inventory/block-search-rules.ts';
import { FreeSeats } from '#domain/inventory/free-seats-rules.ts';
import { type BuiltHall, randomHall, randomOf } from './random-halls.ts';

/** A hall in the middle of its sale, with seats of all kinds. */
export type RandomSale = BuiltHall & {
  readonly seed: number;
  readonly isFree: (seatNo: number) => boolean;
  readonly isWanted: (seatNo: number) => boolean;
  readonly size: number;
  readonly random: () => number;
};

const WHEELCHAIR = 1;
const COMPANION = 4;

/** `specials`: the share of seats that are wheelchair places, and as many companion seats. */
export function randomSale(seed: number, specials: number): RandomSale {
  const built = randomHall(seed);
  const random = randomOf(seed + 7_000_000);
  const { flags, seatCount } = built.hall;
  for (let seatNo = 0; seatNo < seatCount; seatNo++) {
    const kind = random();
    if (kind < specials) flags[seatNo] = WHEELCHAIR;
    else if (kind < 2 * specials) flags[seatNo] = COMPANION;
  }
  const share = random();
  const free = Array.from({ length: seatCount }, () => random() < share);
  const unwanted = random() < 0.3 ? 0.3 : 0;
  const wanted = Array.from({ length: seatCount }, () => random() >= unwanted);
  return {
    ...built,
    seed,
    isFree: (seatNo) => free[seatNo] === true,
    isWanted: (seatNo) => wanted[seatNo] === true,
    size: 1 + Math.floor(random() * 5),
    random,
  };
}

/** The free ordinary seats that stand alone in their run. */
export function aloneIn(runs: readonly (readonly number[])[], isOpen: (seatNo: number) => boolean): Set<number> {
  const alone = new Set<number>();
  for (const run of runs)
    for (const [index, seatNo] of run.entries()) {
      const sides = [run[index - 1], run[index + 1]];
      if (isOpen(seatNo) && sides.every((side) => side === undefined || !isOpen(side))) alone.add(seatNo);
    }
  return alone;
}

/** The seats for which this is true, for a search. */
export const freeSeatsOf = ({ seatCount }: Pick<Hall, 'seatCount'>, isFree: (seatNo: number) => boolean): FreeSeats =>
  new FreeSeats(Uint8Array.from({ length: seatCount }, (_, seatNo) => (isFree(seatNo) ? 0 : 1)));

export const policies: readonly OrphanPolicy[] = ['OFF', 'LENIENT', 'STRICT'];

/**
 * The single seats because of which a policy refuses a choice, from the words of the rule: which seats stand alone after
 * the choice and did not before, and could the row do better?
 */
export function refusedByWords(
  { hall, rows, isFree }: RandomSale,
  chosen: readonly number[],
  policy: OrphanPolicy,
): number[] {
  const isOpen = (seatNo: number) => isFree(seatNo) && hall.flags[seatNo] === 0;
  const singlesOf = (choice: readonly number[], runs: readonly (readonly number[])[]) => {
    const before = aloneIn(runs, isOpen);
    const after = aloneIn(runs, (seatNo) => isOpen(seatNo) && !choice.includes(seatNo));
    return [...after].filter((seatNo) => !before.has(seatNo));
  };
  const singles = rows.flatMap(({ runs }) => {
    const found = singlesOf(chosen, runs);
    if (policy === 'OFF' || found.length === 0) return [];
    const size = chosen.filter((seatNo) => runs.some((run) => run.includes(seatNo))).length;
    const couldDoBetter = blocksOf(runs, size).some(
      (block) => block.every(isOpen) && singlesOf(block, runs).length === 0,
    );
    return policy === 'STRICT' || couldDoBetter ? found : [];
  });
  return singles.sort((a, b) => a - b);
}

/** All blocks of seats next to each other, of this size. */
export function blocksOf(runs: readonly (readonly number[])[], size: number): number[][] {
  return runs.flatMap((run) =>
    run.slice(0, Math.max(0, run.length - size + 1)).map((_, first) => run.slice(first, first + size)),
  );
}
