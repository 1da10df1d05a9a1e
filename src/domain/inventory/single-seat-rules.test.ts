import { expect, test } from 'vitest';
import { empty, hold, rules } from '#test/support/inventory/allocation.ts';
import { freeSeatsOf, policies, type RandomSale, randomSale } from '#test/support/seating/random-sales.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import { allocate } from './allocate-rules.ts';
import { bestAvailable } from './best-available-rules.ts';
import { refusedSingles, singleSeatsLeft } from './orphan-rules.ts';

const CASES = 400;

function decide({ hall, isFree }: RandomSale, seatNos: readonly number[], orphanPolicy: OrphanPolicy) {
  const state = { ...empty, free: freeSeatsOf(hall, isFree), sale: { ...empty.sale, orphanPolicy } };
  const limits = { ...rules.policy, maxSeatsPerBooking: 99, maxSeatsPerEvent: 99 };
  const [outcome] = allocate([hold([...seatNos])], state, {
    ...rules,
    levelOf: () => 'T',
    hall,
    policy: limits,
  }).outcomes;
  return outcome;
}

test(`the writer refuses what the policy refuses, and its alternatives leave no seat single: ${CASES} choices`, () => {
  let refused = 0;
  for (let seed = 1; seed <= CASES; seed++) {
    const sale = randomSale(seed, 0.05);
    const free = Array.from({ length: sale.hall.seatCount }, (_, seatNo) => seatNo).filter(sale.isFree);
    const seatNos = free.filter((_, index) => index >= seed % 7 && index < (seed % 7) + sale.size);
    if (seatNos.length === 0) continue;
    for (const policy of policies) {
      const singles = refusedSingles(policy, sale.hall, seatNos, sale.isFree);
      const outcome = decide(sale, seatNos, policy);
      if (singles.length === 0) {
        expect(outcome?.kind, `seed ${seed}, ${policy}`).toBe('held');
        continue;
      }
      refused++;
      expect(outcome).toMatchObject({ kind: 'leavesSingle', seatNos: singles });
      for (const block of outcome?.kind === 'leavesSingle' ? outcome.alternatives : []) {
        expect(block.every(sale.isFree)).toBe(true);
        expect(singleSeatsLeft(sale.hall, block, sale.isFree)).toEqual([]);
      }
    }
  }
  expect(refused).toBeGreaterThan(30);
});

test(`the best seats are never ones that the policy refuses: ${CASES} searches`, () => {
  let strict = 0;
  for (let seed = 1; seed <= CASES; seed++) {
    const sale = randomSale(seed, 0.05);
    for (const policy of policies) {
      const search = {
        party: { size: sale.size, wheelchairPlaces: 0 },
        isWanted: () => true,
        free: freeSeatsOf(sale.hall, sale.isFree),
        policy,
      };
      const found = bestAvailable(sale.hall, search);
      if (found) expect(refusedSingles(policy, sale.hall, found, sale.isFree), `seed ${seed}, ${policy}`).toEqual([]);
      if (!found && policy === 'STRICT' && bestAvailable(sale.hall, { ...search, policy: 'OFF' })) strict++;
    }
  }
  expect(strict, 'STRICT rather sells nothing').toBeGreaterThan(2);
});
