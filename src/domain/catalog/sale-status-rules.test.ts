import { expect, test } from 'vitest';
import { saleStatusAt } from './sale-status-rules.ts';

const event = {
  status: 'PUBLISHED',
  salesPaused: false,
  onSaleAt: new Date('2030-01-01T10:00:00Z'),
  offSaleAt: new Date('2030-02-01T10:00:00Z'),
  available: 5,
  held: 0,
} as const;
const during = new Date('2030-01-15T10:00:00Z');

test('an event is on sale from its on-sale time until just before its off-sale time', () => {
  expect(saleStatusAt(new Date(event.onSaleAt.getTime() - 1), event)).toBe('SCHEDULED');
  expect(saleStatusAt(event.onSaleAt, event)).toBe('ON_SALE');
  expect(saleStatusAt(new Date(event.offSaleAt.getTime() - 1), event)).toBe('ON_SALE');
  expect(saleStatusAt(event.offSaleAt, event)).toBe('ENDED');
});

test('it is sold out only when no held seat can come back', () => {
  expect(saleStatusAt(during, { ...event, available: 0, held: 2 })).toBe('ON_SALE');
  expect(saleStatusAt(during, { ...event, available: 0 })).toBe('SOLD_OUT');
});

test('a cancelled event is CANCELLED at any time', () => {
  expect(saleStatusAt(during, { ...event, status: 'CANCELLED' })).toBe('CANCELLED');
  expect(saleStatusAt(event.offSaleAt, { ...event, status: 'CANCELLED', available: 0 })).toBe('CANCELLED');
});

test('a paused sale and a postponed event go on later; one that is sold out stays sold out', () => {
  for (const later of [{ salesPaused: true }, { status: 'POSTPONED' }] as const) {
    expect(saleStatusAt(during, { ...event, ...later })).toBe('SCHEDULED');
    expect(saleStatusAt(during, { ...event, ...later, available: 0 })).toBe('SOLD_OUT');
    expect(saleStatusAt(event.offSaleAt, { ...event, ...later })).toBe('ENDED');
  }
});
