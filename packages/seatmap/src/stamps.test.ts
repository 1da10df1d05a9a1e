import { expect, test } from 'vitest';
import type { Palette } from './palette.ts';
import { DIMMED, SELECTED } from './renderer.ts';
import { makeStamp, reachOf } from './stamps.ts';
import { BOOKED, HELD } from './statuses.ts';

const palette: Palette = {
  ...{ tiers: ['#0000ff', '#00ff00'], held: '#ff8800', booked: '#888888', selected: '#111111' },
  ...{ text: '#000000', muted: '#666666', surface: '#ffffff', line: '#cccccc' },
};
const RADIUS = 8;
const middle = (look: number, opacity = 1): { alpha: number; red: number } => {
  const stamp = makeStamp({
    ...{ look, tier: 1, isWheelchair: false, radius: RADIUS, opacity, palette },
    ...{ fractionX: 0.5, fractionY: 0.5 },
  });
  const reach = reachOf(RADIUS);
  const pixel = stamp[reach * (2 * reach + 1) + reach] ?? 0;
  return { alpha: pixel >>> 24, red: pixel & 255 };
};

test('paints the middle of each look in its color and strength', () => {
  expect(middle(0)).toEqual({ alpha: 255, red: 0 });
  expect(middle(HELD)).toEqual({ alpha: Math.round(0.3 * 255), red: 255 });
  expect(middle(BOOKED)).toEqual({ alpha: 255, red: 0x88 });
  expect(middle(SELECTED)).toEqual({ alpha: 255, red: 0x11 });
  expect(middle(0, 0.5).alpha).toBe(128);
  expect(middle(DIMMED).alpha).toBe(Math.round(0.16 * 255));
});

test('paints no pixel at the edge of a stamp, so that a seat is never cut off', () => {
  const reach = reachOf(RADIUS);
  const width = 2 * reach + 1;
  const stamp = makeStamp({
    ...{ look: SELECTED, tier: 0, isWheelchair: false, radius: RADIUS, opacity: 1, palette },
    ...{ fractionX: 0.99, fractionY: 0.01 },
  });
  const edge = [...stamp].filter((_, at) => at < width || at % width === 0);
  expect(edge.every((pixel) => pixel === 0)).toBe(true);
});
