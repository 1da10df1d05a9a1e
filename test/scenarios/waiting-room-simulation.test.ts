import { expect, test } from 'vitest';
import { decideTick } from '#domain/waiting-room/admission-rules.ts';
import { drawOrder } from '#domain/waiting-room/draw-rules.ts';
import { estimateOf } from '#domain/waiting-room/estimate-rules.ts';
import { placeStateOf } from '#domain/waiting-room/place-rules.ts';
import type { SimulationRules } from '#test/support/waiting-room/waiting-room-model.ts';
import { type SimulationFigures, simulateOnSale } from '#test/support/waiting-room/waiting-room-simulation.ts';

const brokenBy = (rules: Partial<SimulationRules>) =>
  [...simulateOnSale({ fans: 20_000, capacity: 400, seed: 7, rules }).broken.keys()].sort();

function expectGood(figures: SimulationFigures, fans: number): void {
  expect(Object.fromEntries(figures.broken)).toEqual({});
  const { WAITING, YOUR_TURN, INSIDE, LEFT, MISSED } = figures.ends;
  expect([WAITING, YOUR_TURN, INSIDE, LEFT + MISSED]).toEqual([0, 0, 0, fans]);
  expect(figures.calls).toBeGreaterThan(2 * fans);
  expect(figures.entered).toBeGreaterThan(fans / 2);
  expect(figures.estimates.told).toBeGreaterThan(1_000);
  // Fans who do not come take no slot from waiting fans.
  expect(figures.used).toBeGreaterThan(0.9);
}

test('a million fans: no fan is lost or overtakes, the room is never too full, and estimates hold', () => {
  expectGood(simulateOnSale({ fans: 1_000_000, capacity: 5_000, seed: 1 }), 1_000_000);
}, 180_000);

test.each([2, 3])('the same holds in a smaller on-sale with other chances (%i)', (seed) => {
  expectGood(simulateOnSale({ fans: 50_000, capacity: 1_000, seed }), 50_000);
});

test('in the middle of an on-sale the waiting fans still have their places', () => {
  const { broken, ends } = simulateOnSale({ fans: 50_000, capacity: 1_000, seed: 4, stopsAfter: 0.3 });
  expect(Object.fromEntries(broken)).toEqual({});
  for (const count of Object.values(ends)) expect(count).toBeGreaterThan(0);
  expect(ends.WAITING).toBeGreaterThan(10_000);
});

test('without a fault no promise is broken where faults are planted', () => {
  expect(brokenBy({})).toEqual([]);
});

test('the audit notices when the door ignores the capacity', () => {
  const mayEnter: SimulationRules['mayEnter'] = ({ arriving }) => new Set(arriving.map(({ ordinal }) => ordinal));
  expect(brokenBy({ mayEnter })).toContain('at most the capacity inside');
});

test('the audit notices when the door lets in any fan who asks', () => {
  const mayEnter: SimulationRules['mayEnter'] = ({ capacity, inside, arriving }) =>
    new Set(arriving.slice(0, Math.max(0, capacity - inside)).map(({ ordinal }) => ordinal));
  expect(brokenBy({ mayEnter })).toEqual(['a free slot is for the smallest position at the door']);
});

test('the audit notices when the watermark goes back', () => {
  let ticks = 0;
  const planted: SimulationRules['decideTick'] = (state) => {
    const tick = decideTick(state);
    ticks += 1;
    return ticks % 500 === 0 ? { ...tick, watermark: Math.max(0, state.watermark - 3) } : tick;
  };
  const broken = brokenBy({ decideTick: planted });
  expect(broken).toContain('the watermark never goes back');
  expect(broken).toContain('turns begin in the order of positions');
});

test('the audit notices when turns begin in a paused room', () => {
  const planted: SimulationRules['decideTick'] = (state) => decideTick({ ...state, isPaused: false });
  expect(brokenBy({ decideTick: planted })).toContain('no turn begins in a paused or closed room');
});

test('the audit notices when the draw favours early joiners, or gives a position twice', () => {
  const favouring: SimulationRules['drawOrder'] = (secret, entries) => {
    const fair = drawOrder(secret, entries);
    const weights = Array.from(fair, (position, ordinal) => position + 0.1 * ordinal);
    const order = new Uint32Array(entries);
    weights
      .map((weight, ordinal) => ({ weight, ordinal }))
      .sort((a, b) => a.weight - b.weight)
      .forEach(({ ordinal }, index) => {
        order[ordinal] = index + 1;
      });
    return order;
  };
  expect(brokenBy({ drawOrder: favouring })).toContain('who joins early has no advantage in the draw');
  const twice: SimulationRules['drawOrder'] = (secret, entries) =>
    drawOrder(secret, entries).map((position, ordinal) => (ordinal === 5 ? (position % entries) + 1 : position));
  expect(brokenBy({ drawOrder: twice })).toContain('each position is drawn once');
});

test('the audit notices when another call gives another place', () => {
  const broken = brokenBy({ mayJoinAgain: () => true });
  expect(broken).toContain('one place for each fan');
  expect(broken).toContain('who calls often has no advantage');
});

test('the audit notices when a fan waiting at the door loses the turn', () => {
  const planted: SimulationRules['placeStateOf'] = (place) =>
    placeStateOf({ ...place, session: place.session && { ...place.session, knockedAtMs: null } });
  expect(brokenBy({ placeStateOf: planted })).toContain('no fan is lost');
});

test('the audit notices when estimates promise too much', () => {
  const planted: SimulationRules['estimateOf'] = (ahead, pace) => {
    const estimate = estimateOf(ahead, pace);
    return estimate && { ...estimate, p90Seconds: estimate.p50Seconds };
  };
  expect(brokenBy({ estimateOf: planted })).toEqual(['nine of ten estimates hold']);
});
