import { expect, test } from 'vitest';
import { randomSale } from '#test/support/seating/random-sales.ts';
import { companionsWithoutPlace } from './party-rules.ts';

const WHEELCHAIR = 1;
const COMPANION = 4;

test('a companion seat is refused exactly when its wheelchair place is not chosen with it: 2000 choices', () => {
  let [refused, accepted] = [0, 0];
  for (let seed = 1; seed <= 2000; seed++) {
    const { hall, random } = randomSale(seed, 0.2);
    const all = Array.from({ length: hall.seatCount }, (_, seatNo) => seatNo);
    const chosen = new Set(all.filter(() => random() < 0.3));
    const places = all.filter((seatNo) => hall.flags[seatNo] === WHEELCHAIR);
    const lone = companionsWithoutPlace(hall, chosen);
    for (const { seatNo, placeNo } of lone) {
      expect(hall.flags[seatNo]).toBe(COMPANION);
      expect(chosen.has(seatNo)).toBe(true);
      expect(hall.flags[placeNo]).toBe(WHEELCHAIR);
      expect(chosen.has(placeNo), 'its place is not chosen').toBe(false);
    }
    // Without any wheelchair place every companion seat with a place is refused, and with all of them none is.
    const without = new Set([...chosen].filter((seatNo) => !places.includes(seatNo)));
    const withAll = new Set([...chosen, ...places]);
    const companions = [...without].filter((seatNo) => hall.flags[seatNo] === COMPANION);
    const hasPlace = (seatNo: number) => places.some((place) => hall.sectionOf[place] === hall.sectionOf[seatNo]);
    expect(companionsWithoutPlace(hall, without).map(({ seatNo }) => seatNo)).toEqual(companions.filter(hasPlace));
    expect(companionsWithoutPlace(hall, withAll)).toEqual([]);
    refused += lone.length;
    accepted += companions.length - lone.length;
  }
  expect(refused).toBeGreaterThan(100);
  expect(accepted).toBeGreaterThan(100);
});
