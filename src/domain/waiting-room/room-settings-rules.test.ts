import { expect, test } from 'vitest';
import { InvalidInput } from '../errors.ts';
import { settle } from './room-settings-rules.ts';

const [NOW, MINUTE] = [1_800_000_000_000, 60_000];
const at = (minutes: number) => NOW + minutes * MINUTE;
const on = (minutes: number) => new Date(at(minutes));
const event = { nowMs: NOW, onSaleAtMs: at(60), offSaleAtMs: at(600) };
const closed = {
  state: 'CLOSED' as const,
  isDrawn: false,
  capacity: 100,
  sessionSeconds: 600,
  graceSeconds: 120,
  opensAtMs: at(30),
  drawAtMs: at(60),
};
const open = { ...closed, state: 'OPEN' as const, opensAtMs: at(-30) };
const drawn = { ...open, state: 'DRAWN' as const, isDrawn: true, drawAtMs: at(-10) };

test('a new room opens now and draws when the sale opens, or when the room opens if that is later', () => {
  expect(settle({ capacity: 5 }, undefined, event)).toEqual({
    capacity: 5,
    sessionSeconds: 600,
    graceSeconds: 120,
    opensAtMs: NOW,
    drawAtMs: at(60),
  });
  expect(settle({ capacity: 5, opensAt: on(90) }, undefined, event)).toMatchObject({ drawAtMs: at(90) });
  expect(settle({ capacity: 5, opensAt: on(10), drawAt: on(20) }, undefined, event)).toMatchObject({
    opensAtMs: at(10),
    drawAtMs: at(20),
  });
});

test('a setting that is left out stays', () => {
  const { state: _, isDrawn: __, ...settings } = drawn;
  expect(settle({}, drawn, event)).toEqual(settings);
  expect(settle({ capacity: 0 }, drawn, event)).toEqual({ ...settings, capacity: 0 });
  expect(settle({ sessionMinutes: 3, graceSeconds: 30 }, drawn, event)).toMatchObject({
    sessionSeconds: 180,
    graceSeconds: 30,
  });
});

test('the draw follows an opening that moves, unless the draw was set itself', () => {
  expect(settle({ opensAt: on(100) }, closed, event)).toMatchObject({ opensAtMs: at(100), drawAtMs: at(100) });
  expect(settle({ opensAt: on(5) }, { ...closed, drawAtMs: at(80) }, event)).toMatchObject({ drawAtMs: at(80) });
  expect(settle({ opensAt: on(90) }, { ...closed, drawAtMs: at(80) }, event)).toMatchObject({ drawAtMs: at(90) });
});

test('the same times again are no change, in any state', () => {
  for (const room of [closed, open, drawn]) {
    const same = { opensAt: new Date(room.opensAtMs), drawAt: new Date(room.drawAtMs) };
    expect(settle(same, room, event)).toMatchObject({ opensAtMs: room.opensAtMs, drawAtMs: room.drawAtMs });
  }
});

const room = { capacity: 100 };
test.each([
  ['capacity', {}, undefined],
  ['capacity', { capacity: -1 }, closed],
  ['capacity', { capacity: 1_000_001 }, closed],
  ['capacity', { capacity: 1.5 }, closed],
  ['sessionMinutes', { ...room, sessionMinutes: 0 }, undefined],
  ['sessionMinutes', { sessionMinutes: 121 }, closed],
  ['graceSeconds', { ...room, graceSeconds: 4 }, undefined],
  ['graceSeconds', { graceSeconds: 1801 }, drawn],
  ['opensAt', { ...room, opensAt: on(600) }, undefined],
  ['opensAt', { opensAt: on(31) }, open],
  ['opensAt', { opensAt: on(31) }, { ...closed, opensAtMs: at(-1) }],
  ['opensAt', { opensAt: on(-31) }, drawn],
  ['drawAt', { ...room, opensAt: on(20), drawAt: on(10) }, undefined],
  ['drawAt', { drawAt: on(29) }, closed],
  ['drawAt', { drawAt: on(600) }, closed],
  ['drawAt', { drawAt: on(300) }, drawn],
] as const)('%s is refused: %j', (field, input, current) => {
  const refused = expect(() => settle(input, current, event));
  refused.toThrow(InvalidInput);
  refused.toThrow(expect.objectContaining({ field }));
});

test('the draw may move while fans gather', () => {
  expect(settle({ drawAt: on(200) }, open, event)).toMatchObject({ drawAtMs: at(200) });
});
