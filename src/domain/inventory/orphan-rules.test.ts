import { expect, test } from 'vitest';
import { partsOfHalls } from '#test/support/seating/hall-cases.ts';
import { blocksOf, policies, type RandomSale, randomSale, refusedByWords } from '#test/support/seating/random-sales.ts';
import { refusedSingles, singleSeatsLeft } from './orphan-rules.ts';

/** A row at x = 0, 10, 20 ...; a blank is an aisle, x a taken seat, w a wheelchair place. */
function rowOf(drawing: string) {
  const kinds = [...drawing].flatMap((kind, at) => (kind === ' ' ? [] : [{ kind, x: at * 10 }]));
  const plan = {
    seatCount: kinds.length,
    sectionOf: kinds.map(() => 0),
    rowOf: kinds.map(() => 'A'),
    x: kinds.map(({ x }) => x),
    y: kinds.map(() => 0),
    flags: kinds.map(({ kind }) => (kind === 'w' ? 1 : 0)),
  };
  return { plan, isFree: (seatNo: number) => kinds[seatNo]?.kind !== 'x' };
}

test.each([
  ['......', [1, 2], [0]],
  ['......', [0, 1], []],
  ['......', [2, 3], []],
  ['x...x.', [1, 2], [3]],
  ['... ...', [1], [0, 2]],
  ['... ...', [3], []],
  ['... ...', [0, 1], [2]],
  ['.w....', [2, 3], []],
  ['..w...', [0], [1]],
  ['x.x...', [3, 4], [5]],
  ['.....', [1, 3], [0, 2, 4]],
])('in %s the choice of %j leaves %j single', (drawing, chosen, singles) => {
  const { plan, isFree } = rowOf(drawing);
  expect(singleSeatsLeft(plan, chosen, isFree)).toEqual(singles);
});

test.each([
  ['OFF', '.....', [1, 2], []],
  ['LENIENT', '.....', [1, 2], [0]],
  ['LENIENT', '...', [0, 1], []],
  ['LENIENT', '... ..', [0, 1], [2]],
  ['STRICT', '...', [0, 1], [2]],
  ['STRICT', '..', [0, 1], []],
] as const)('%s refuses in %s the choice of %j because of %j', (policy, drawing, chosen, singles) => {
  const { plan, isFree } = rowOf(drawing);
  expect(refusedSingles(policy, plan, chosen, isFree)).toEqual(singles);
});

test.each(partsOfHalls())('choices are judged as by the words of the rule (part $part)', ({ seeds }) => {
  for (const seed of seeds) {
    const sale = randomSale(seed, 0.05);
    const chosen = choiceOf(sale);
    for (const policy of policies) {
      const singles = refusedSingles(policy, sale.hall, chosen, sale.isFree);
      const wanted = refusedByWords(sale, chosen, policy);
      if (singles.join() !== wanted.join())
        expect({ seed, policy, chosen, singles }).toEqual({ seed, policy, chosen, singles: wanted });
    }
  }
});

/** Free seats: next to each other, or anywhere. */
function choiceOf({ rows, hall, isFree, size, random }: RandomSale): number[] {
  const blocks = blocksOf(
    rows.flatMap(({ runs }) => runs),
    size,
  ).filter((block) => block.every(isFree));
  if (blocks.length > 0 && random() < 0.7) return blocks[Math.floor(random() * blocks.length)] ?? [];
  const free = Array.from({ length: hall.seatCount }, (_, seatNo) => seatNo).filter(isFree);
  return free.filter(() => random() < 0.2);
}
