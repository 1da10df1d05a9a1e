import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideTick, mayEnter, type TickState } from './admission-rules.ts';

const empty: TickState = {
  nowMs: 1_000_000,
  capacity: 100,
  isPaused: false,
  joined: 10_000,
  watermark: 0,
  inside: 0,
  atDoor: 0,
  outstanding: 0,
  graceSeconds: 60,
  resolved: { turns: 0, came: 0 },
  missed: 0,
  steps: [],
};
const watermarkOf = (of: Partial<TickState>) => decideTick({ ...empty, ...of }).watermark;

const tickState: fc.Arbitrary<TickState> = fc
  .record({
    capacity: fc.nat(500),
    isPaused: fc.boolean(),
    joined: fc.nat(5_000),
    passed: fc.double({ min: 0, max: 1, noNaN: true }),
    inside: fc.nat(600),
    atDoor: fc.nat(50),
    outstanding: fc.nat(300),
    turns: fc.nat(1_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ passed, turns, share, ...rest }) => {
    const watermark = Math.floor(passed * rest.joined);
    const begun = Math.min(watermark, rest.outstanding * 2);
    return {
      ...empty,
      ...rest,
      watermark,
      outstanding: Math.min(rest.outstanding, begun),
      resolved: { turns, came: Math.floor(share * turns) },
      steps: [
        { watermark: watermark - begun, atMs: empty.nowMs - 100_000 },
        { watermark, atMs: empty.nowMs - 30_000 },
      ],
    };
  });

test('the watermark never goes back, never passes the last place, and stays in a paused or closed room', () => {
  fc.assert(
    fc.property(tickState, (state) => {
      const { watermark, progress } = decideTick(state);
      expect(watermark).toBeGreaterThanOrEqual(state.watermark);
      expect(watermark).toBeLessThanOrEqual(state.joined);
      expect(progress.waiting).toBe(state.joined - watermark);
      if (state.isPaused || state.capacity === 0) expect(watermark).toBe(state.watermark);
    }),
  );
});

test('turns begin only for slots that are not taken and that no fan at the door or on the way is expected to need', () => {
  fc.assert(
    fc.property(tickState, (state) => {
      const { watermark, progress } = decideTick(state);
      const { showUpRate } = progress;
      const running = state.watermark - (state.steps[0]?.watermark ?? 0);
      const coming = Math.max(0, running * showUpRate - (running - state.outstanding));
      const begun = watermark - state.watermark;
      const expected = state.inside + state.atDoor + coming + begun * showUpRate;
      if (begun > 0) expect(expected).toBeLessThanOrEqual(state.capacity + 1e-6);
      const isHeld = state.isPaused || state.capacity === 0 || watermark === state.joined;
      if (!isHeld) expect(expected + showUpRate).toBeGreaterThan(state.capacity - 1e-6);
    }),
  );
});

test('a turn that was not used for long is hardly expected to be used', () => {
  // Of 100 turns that began, half of the fans came: the others stay away.
  const state = { ...empty, watermark: 400, inside: 50, resolved: { turns: 10_000, came: 5_000 } };
  const steps = [
    { watermark: 300, atMs: empty.nowMs - 100_000 },
    { watermark: 400, atMs: empty.nowMs - 50_000 },
  ];
  expect(decideTick({ ...state, outstanding: 100, steps, inside: 0 }).watermark).toBe(499);
  expect(decideTick({ ...state, outstanding: 50, steps }).watermark).toBe(499);
  expect(decideTick({ ...state, outstanding: 75, steps, inside: 25 }).watermark).toBe(499);
});

test('when turns run for longer than the kept steps reach back, all earlier ones count as still coming', () => {
  const state = { ...empty, watermark: 5_000, graceSeconds: 1_800, resolved: { turns: 10_000, came: 5_000 } };
  const steps = [
    { watermark: 4_980, atMs: empty.nowMs - 700_000 },
    { watermark: 5_000, atMs: empty.nowMs - 50_000 },
  ];
  expect(decideTick({ ...state, steps, inside: 50, outstanding: 60 }).watermark).toBe(5_000);
  expect(decideTick({ ...state, steps, inside: 50, outstanding: 50 }).watermark).toBe(5_019);
});

test('an empty room is filled at once, and a full one waits', () => {
  expect(watermarkOf({})).toBe(100);
  expect(watermarkOf({ joined: 30 })).toBe(30);
  expect(watermarkOf({ watermark: 100, outstanding: 100, steps: [{ watermark: 100, atMs: 0 }] })).toBe(100);
  expect(watermarkOf({ watermark: 100, inside: 60, outstanding: 30 })).toBe(110);
  expect(watermarkOf({ watermark: 100, inside: 90, atDoor: 10 })).toBe(100);
  expect(watermarkOf({ watermark: 100, inside: 90, atDoor: 4 })).toBe(106);
  expect(watermarkOf({ watermark: 200, joined: 150 })).toBe(200);
  expect(watermarkOf({ watermark: 200, inside: 150 }), 'after the capacity was lowered').toBe(200);
});

test('more turns begin where fewer fans come, up to a limit', () => {
  const half = { resolved: { turns: 1_000, came: 500 } };
  expect(decideTick({ ...empty, ...half }).progress.showUpRate).toBeCloseTo(0.5, 2);
  expect(watermarkOf(half)).toBe(199);
  expect(watermarkOf({ resolved: { turns: 100_000, came: 0 } })).toBe(2_000);
  expect(watermarkOf({ resolved: { turns: 1, came: 0 } }), 'one who stays away proves little').toBe(120);
});

test('progress has the values that were read and the turns of the last minute', () => {
  const steps = [
    { watermark: 100, atMs: 900_000 },
    { watermark: 130, atMs: 950_000 },
    { watermark: 150, atMs: 990_000 },
  ];
  const state = { ...empty, watermark: 150, inside: 90, atDoor: 2, missed: 7, steps };
  expect(decideTick(state).progress).toMatchObject({ inside: 90, waiting: 9_842, admittedPerMinute: 58, missed: 7 });
  expect(decideTick(empty).progress.admittedPerMinute, 'the first step of all').toBe(100);
  expect(decideTick({ ...state, nowMs: 2_000_000, inside: 100 }).progress.admittedPerMinute).toBe(0);
});

test('a room that does not move has no estimate', () => {
  const steps = Array.from({ length: 600 }, (_, second) => ({
    watermark: 100 + second,
    atMs: 401_000 + second * 1000,
  }));
  const state = { ...empty, watermark: 699, inside: 100, steps };
  expect(decideTick(state).progress.pace?.p50).toBeCloseTo(1, 1);
  expect(decideTick({ ...state, isPaused: true }).progress.pace).toBeUndefined();
  expect(decideTick({ ...state, capacity: 0 }).progress.pace).toBeUndefined();
});

const comers = fc
  .uniqueArray(fc.nat(200), { maxLength: 40 })
  .chain((positions) => fc.tuple(fc.constant(positions), fc.nat(positions.length)))
  .map(([positions, split]) => {
    const all = positions.map((position) => ({ position, ordinal: 1_000 - position }));
    return { atDoor: all.slice(0, split), arriving: all.slice(split) };
  });

test('at most as many enter as there are free slots, and never before a smaller position that is there', () => {
  fc.assert(
    fc.property(comers, fc.nat(30), fc.nat(30), ({ atDoor, arriving }, capacity, inside) => {
      const entering = mayEnter({ capacity, inside, atDoor, arriving });
      const free = Math.max(0, capacity - inside);
      const first = [...atDoor, ...arriving].sort((a, b) => a.position - b.position).slice(0, free);
      expect(entering.size).toBeLessThanOrEqual(free);
      expect([...entering]).toEqual(first.filter((one) => arriving.includes(one)).map(({ ordinal }) => ordinal));
    }),
  );
});

test('a slot is kept for the first fan at the door, and a fan who asks again takes one slot', () => {
  const [a, b, c] = [1, 2, 3].map((position) => ({ position, ordinal: position + 10 })) as [Comer, Comer, Comer];
  expect([...mayEnter({ capacity: 5, inside: 4, atDoor: [a], arriving: [b] })]).toEqual([]);
  expect([...mayEnter({ capacity: 5, inside: 4, atDoor: [b], arriving: [a] })]).toEqual([11]);
  expect([...mayEnter({ capacity: 5, inside: 3, atDoor: [a, b], arriving: [c, b, a] })]).toEqual([11, 12]);
  expect([...mayEnter({ capacity: 3, inside: 4, atDoor: [], arriving: [a] })]).toEqual([]);
});

type Comer = { position: number; ordinal: number };
