import { expect, test } from 'vitest';
import { listOfTiers } from '../../pricing/tier-prices-rules.ts';
import { eventStatusAt } from '../event-status-rules.ts';
import { problemsOfDraft } from './event-problems-rules.ts';

const now = new Date('2030-01-01T00:00:00Z');
const day = (n: number) => new Date(now.getTime() + n * 86_400_000);
const list = listOfTiers('USD', new Map([['Tier 1', { priceMinor: 5_000, feeMinor: 250 }]]));
const event = {
  ...{ startsAt: day(30), endsAt: day(31), doorsAt: day(29), onSaleAt: day(1), offSaleAt: day(30) },
  ...{ seatsPerBooking: 10, seatsPerViewer: 20 },
};
const facts = {
  now,
  plan: { isPublished: true, seatCount: 100 },
  offer: { list, gateway: 'sandbox', currency: 'USD', seatsPerBooking: 10 },
} as const;
const fieldsOf = (changes: object, others: object = {}) =>
  problemsOfDraft({ ...event, ...changes }, { ...facts, ...others }).map(({ field }) => field);

test('a whole draft has no problem, also without the times that may be missing', () => {
  expect(fieldsOf({})).toEqual([]);
  expect(fieldsOf({ endsAt: null, doorsAt: null, seatsPerBooking: null, seatsPerViewer: null })).toEqual([]);
});

test.each([
  ['offSaleAt', { offSaleAt: day(1) }],
  ['onSaleAt', { endsAt: null, onSaleAt: day(30), offSaleAt: day(40) }],
  ['endsAt', { endsAt: day(30) }],
  ['doorsAt', { doorsAt: day(30.5) }],
  ['seatsPerViewer', { seatsPerViewer: 9 }],
  ['startsAt', { startsAt: day(0), doorsAt: null }],
])('names %s', (field, changes) => expect(fieldsOf(changes)).toEqual([field]));

test('names a plan that is a draft or empty, and what is wrong with the prices', () => {
  expect(fieldsOf({}, { plan: { isPublished: false, seatCount: 0 } })).toEqual(['seatingPlanId']);
  expect(fieldsOf({}, { plan: { isPublished: true, seatCount: 0 } })).toEqual(['seatingPlanId']);
  const offer = (changes: object) => fieldsOf({}, { offer: { ...facts.offer, ...changes } });
  expect(offer({ list: undefined })).toEqual(['prices']);
  expect(offer({ list: { ...list, levels: [] } })).toEqual(['prices']);
  const unpriced = { ...list, levels: [...list.levels, { key: 'b', name: 'Balcony', prices: [] }] };
  expect(problemsOfDraft(event, { ...facts, offer: { ...facts.offer, list: unpriced } })).toEqual([
    { field: 'prices', message: 'The price level Balcony has no price.' },
  ]);
});

test('names everything at once', () => {
  const past = { startsAt: day(-1), endsAt: day(-2), doorsAt: day(-1), onSaleAt: day(-3), offSaleAt: day(-4) };
  const offer = { ...facts.offer, list: undefined };
  expect(fieldsOf(past, { offer, plan: { isPublished: false, seatCount: 5 } })).toEqual([
    ...['offSaleAt', 'endsAt', 'startsAt', 'offSaleAt', 'seatingPlanId', 'prices'],
  ]);
});

test('only a published event ends by the clock: at its end, or at its start when no end is known', () => {
  const times = { startsAt: day(0), endsAt: null };
  expect(eventStatusAt(day(-1), { status: 'PUBLISHED', ...times })).toBe('PUBLISHED');
  expect(eventStatusAt(day(0), { status: 'PUBLISHED', ...times })).toBe('ENDED');
  expect(eventStatusAt(day(0), { status: 'PUBLISHED', ...times, endsAt: day(1) })).toBe('PUBLISHED');
  for (const status of ['DRAFT', 'POSTPONED', 'CANCELLED'] as const)
    expect(eventStatusAt(day(1), { status, ...times })).toBe(status);
});
