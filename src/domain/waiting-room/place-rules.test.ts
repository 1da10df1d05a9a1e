import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aheadOf, isGating, isWorthTelling, placeStateOf, turnOf } from './place-rules.ts';
import type { PlaceState, RoomSession } from './room.ts';

const room = {
  state: 'DRAWN',
  watermark: 30,
  graceSeconds: 60,
  steps: [
    { watermark: 10, atMs: 100_000 },
    { watermark: 20, atMs: 130_000 },
    { watermark: 30, atMs: 170_000 },
  ],
} as const;
const row: RoomSession = {
  ordinal: 4,
  userId: 'u',
  position: 15,
  signInId: 's',
  knockedAtMs: null,
  calledAtMs: null,
  enteredAtMs: null,
  expiresAtMs: null,
  endedAtMs: null,
};
const at = (nowMs: number, of: Partial<Parameters<typeof placeStateOf>[0]> = {}): PlaceState =>
  placeStateOf({ room, position: 15, hasLeft: false, session: undefined, nowMs, ...of });

test('a turn begins with the step that passes the position and lasts for the grace time', () => {
  expect(turnOf(room, 31)).toBeUndefined();
  expect(turnOf(room, 30)).toEqual({ beganAtMs: 170_000, endsAtMs: 230_000 });
  expect(turnOf(room, 21)).toEqual({ beganAtMs: 170_000, endsAtMs: 230_000 });
  expect(turnOf(room, 20)).toEqual({ beganAtMs: 130_000, endsAtMs: 190_000 });
  expect(turnOf(room, 1), 'a later step came after its end').toBe('over');
  expect(turnOf({ ...room, steps: [] }, 1)).toBe('over');
  expect(turnOf({ ...room, watermark: 10, steps: room.steps.slice(0, 1) }, 1)).toEqual({
    beganAtMs: 100_000,
    endsAtMs: 160_000,
  });
  expect(turnOf({ watermark: 0, steps: [], graceSeconds: 60 }, 1)).toBeUndefined();
});

test('a place waits, has its turn, and has missed it', () => {
  expect(at(0, { position: undefined, room: { ...room, state: 'OPEN', watermark: 0, steps: [] } })).toBe('WAITING');
  expect(at(500_000, { position: 31 })).toBe('WAITING');
  expect(at(189_999)).toBe('YOUR_TURN');
  expect(at(190_000)).toBe('MISSED');
  expect(at(180_000, { position: 1 })).toBe('MISSED');
});

test('a fan who knocks at a full room keeps the turn as long as the fan asks again', () => {
  const session = { ...row, knockedAtMs: 250_000 };
  expect(at(309_999, { session })).toBe('YOUR_TURN');
  expect(at(310_000, { session })).toBe('MISSED');
  expect(at(185_000, { session: { ...row, knockedAtMs: 100_000 } }), 'the turn itself still runs').toBe('YOUR_TURN');
});

test('a fan who entered is inside until the session ends, even if that is noticed late', () => {
  const session = { ...row, enteredAtMs: 150_000, expiresAtMs: 200_000 };
  expect(at(900_000, { session })).toBe('INSIDE');
  expect(at(900_000, { session: { ...session, endedAtMs: 201_000 } })).toBe('LEFT');
});

test('a place that was left has left, and so have all places once the room has ended', () => {
  expect(at(0, { hasLeft: true, position: 99 })).toBe('LEFT');
  expect(at(0, { hasLeft: true, position: undefined })).toBe('LEFT');
  const ended = { ...room, state: 'ENDED' } as const;
  expect(at(0, { room: ended, position: 99 })).toBe('LEFT');
  expect(at(0, { room: ended, session: { ...row, enteredAtMs: 0, expiresAtMs: 9 } })).toBe('LEFT');
});

test('without a row a place only goes from waiting to its turn to missed as the room moves on', () => {
  const rank: Record<PlaceState, number> = { WAITING: 0, YOUR_TURN: 1, MISSED: 2, INSIDE: -1, LEFT: -1 };
  const moves = fc.array(fc.record({ turns: fc.nat(5), seconds: fc.integer({ min: 1, max: 40 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 60 }), (list, position) => {
      let [watermark, nowMs, last] = [0, 0, 0];
      const all: { watermark: number; atMs: number }[] = [];
      for (const { turns, seconds } of list) {
        nowMs += seconds * 1000;
        watermark += turns;
        if (turns > 0) all.push({ watermark, atMs: nowMs });
        // As readers get them: the steps of the last grace time, and the one before.
        const recent = all.findIndex((step) => step.atMs > nowMs - 60_000);
        const steps = all.slice(Math.max(0, (recent === -1 ? all.length : recent) - 1));
        const state = at(nowMs, { room: { ...room, watermark, steps }, position });
        const began = all.find((step) => step.watermark >= position);
        const begunState = nowMs < (began?.atMs ?? 0) + 60_000 ? 'YOUR_TURN' : 'MISSED';
        expect(state).toBe(began ? begunState : 'WAITING');
        expect(rank[state]).toBeGreaterThanOrEqual(last);
        last = rank[state];
      }
    }),
  );
});

test('ahead are the positions between the watermark and the fan’s own', () => {
  expect([1, 30, 31, 32, 131].map((position) => aheadOf(room, position))).toEqual([0, 0, 0, 1, 100]);
});

test('a fan gets every change of state, and while waiting each clearly smaller number', () => {
  const told = { state: 'WAITING', position: 500, ahead: 200, estimate: { p50Seconds: 100, p90Seconds: 150 } } as const;
  const hears = (now: Partial<Parameters<typeof isWorthTelling>[1]>) => isWorthTelling(told, { ...told, ...now });
  expect(hears({})).toBe(false);
  expect(hears({ ahead: 191 })).toBe(false);
  expect(hears({ ahead: 190 })).toBe(true);
  expect(hears({ estimate: { p50Seconds: 81, p90Seconds: 121 } })).toBe(false);
  expect(hears({ estimate: { p50Seconds: 80, p90Seconds: 121 } })).toBe(true);
  expect(hears({ estimate: { p50Seconds: 100, p90Seconds: 180 } })).toBe(true);
  expect(hears({ estimate: undefined })).toBe(true);
  expect(hears({ state: 'YOUR_TURN' })).toBe(true);
  expect(hears({ position: 900 })).toBe(true);
  expect(isWorthTelling({ state: 'WAITING' }, told), 'the draw').toBe(true);
  expect(isWorthTelling({ ...told, ahead: 2 }, { ...told, ahead: 1 })).toBe(true);
  expect(isWorthTelling({ ...told, ahead: 0 }, { ...told, ahead: 0 })).toBe(false);
  const inside = { ...told, state: 'INSIDE' } as const;
  expect(isWorthTelling(inside, { ...inside, ahead: 0 })).toBe(false);
});

test('admission is needed from the opening until the end, also while the controller is late', () => {
  const gating = (state: 'CLOSED' | 'OPEN' | 'DRAWN' | 'ENDED', nowMs: number) =>
    isGating({ state, opensAtMs: 1_000 }, nowMs);
  expect(gating('CLOSED', 999)).toBe(false);
  expect(gating('CLOSED', 1_000)).toBe(true);
  expect([gating('OPEN', 0), gating('DRAWN', 0)]).toEqual([true, true]);
  expect(gating('ENDED', 2_000)).toBe(false);
});
