import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInstant } from './instant-rules.ts';

test.each([
  '2026-04-31T12:00:00Z',
  '2026-02-29T12:00:00Z',
  '2100-02-29T00:00:00Z',
  '2026-13-01T12:00:00Z',
  '2026-00-10T12:00:00Z',
  '2026-06-00T12:00:00Z',
  '2026-06-11T24:00:00Z',
  '2026-06-11T12:60:00Z',
  '2026-06-11T23:59:60Z',
  '2026-06-11T12:00:00+15:00',
  '2026-06-11T12:00:00',
  '2026-06-11 12:00:00Z',
  ' 2026-06-11T12:00:00Z',
  '2026-6-11T12:00:00Z',
  '1781179200',
  '',
])('%s is not an instant', (text) => {
  expect(parseInstant(text)).toBeUndefined();
});

test.each([
  ['2028-02-29T23:59:59+14:00', '2028-02-29T09:59:59.000Z'],
  ['2000-02-29T00:00:00-05:30', '2000-02-29T05:30:00.000Z'],
  ['2026-06-11T20:00:00.123456789Z', '2026-06-11T20:00:00.123Z'],
  ['0004-02-29T00:00:00Z', '0004-02-29T00:00:00.000Z'],
])('reads %s as %s', (text, right) => {
  expect(parseInstant(text)?.toISOString()).toBe(right);
});

test('reads every instant that a clock can show as it was written', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (at) => {
      expect(parseInstant(at.toISOString())).toEqual(at);
    }),
  );
});
