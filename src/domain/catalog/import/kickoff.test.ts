import { expect, it } from 'vitest';
import {
  instantAfterWeeks,
  parseLocal,
  parseUtcOffset,
  problemOfStart,
  timeZoneNamed,
  weeksAhead,
  weeksBetween,
} from './kickoff.ts';
import { nameBasedId } from './name-based-id.ts';

it('a kick-off keeps its time on the clock when it moves across the change of summer time', () => {
  expect(instantAfterWeeks('2026-06-12T15:00', 'America/Toronto', 0).toISOString()).toBe('2026-06-12T19:00:00.000Z');
  expect(instantAfterWeeks('2026-06-12T15:00', 'America/Toronto', 28).toISOString()).toBe('2026-12-25T20:00:00.000Z');
  expect(instantAfterWeeks('2026-06-11T13:00', 'America/Mexico_City', 28).toISOString()).toBe(
    '2026-12-24T19:00:00.000Z',
  );
});

it('the shift is the smallest number of whole weeks that puts the first start the days ahead, backwards too', () => {
  const starts = [
    { startsLocal: '2026-06-11T13:00', timeZone: 'America/Mexico_City' },
    { startsLocal: '2026-07-19T15:00', timeZone: 'America/New_York' },
  ];
  for (const now of ['2026-11-23T06:00:00Z', '2024-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '2031-12-31T23:59:00Z']) {
    const weeks = weeksAhead(starts, new Date(now), 30);
    const days = (instantAfterWeeks('2026-06-11T13:00', 'UTC', weeks).getTime() - Date.parse(now)) / 86_400_000;
    expect(days).toBeGreaterThan(29.7);
    expect(days).toBeLessThan(37.1);
  }
});

it('the shift can be computed from a moved start, also across the change of summer time', () => {
  for (const weeks of [-60, 0, 1, 28, 52, 500]) {
    const startsAt = instantAfterWeeks('2026-06-12T15:00', 'America/Toronto', weeks);
    expect(weeksBetween('2026-06-12T15:00', 'America/Toronto', startsAt)).toBe(weeks);
  }
});

it.each([
  ['UTC-7', -420],
  ['UTC+5:30', 330],
  ['UTC', 0],
  ['UTC+15', undefined],
  ['EST', undefined],
  ['UTC-7:60', undefined],
])('reads the offset %s as %s minutes', (text, minutes) => {
  expect(parseUtcOffset(text)).toBe(minutes);
});

it('refuses days and times that do not exist, and bare offsets as time zones', () => {
  expect(parseLocal('2026-06-11', '13:00')).toBe('2026-06-11T13:00');
  expect(parseLocal('2026-02-30', '13:00')).toBeUndefined();
  expect(parseLocal('2026-06-11', '24:30')).toBeUndefined();
  expect(['America/Toronto', '-07:00', 'UTC-7', 'Mars/Olympus'].map(timeZoneNamed)).toEqual([
    'America/Toronto',
    undefined,
    undefined,
    undefined,
  ]);
});

it('the same name has the same UUIDv8 everywhere', () => {
  expect(nameBasedId('venue/CA/BMO Field')).toMatchInlineSnapshot(`"3195ead5-e490-8833-abc7-d730cdcd5c8f"`);
  expect(nameBasedId('a')).not.toBe(nameBasedId('b'));
  expect(nameBasedId('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('a zone gets its usual spelling, in any spelling of the file', () => {
  expect(['ASIA/TOKYO', 'america/argentina/buenos_aires', 'utc'].map(timeZoneNamed)).toEqual([
    'Asia/Tokyo',
    'America/Argentina/Buenos_Aires',
    'UTC',
  ]);
});

it.each([
  ['2027-03-14', '02:30', 'America/New_York'],
  ['2027-10-03', '02:15', 'Australia/Lord_Howe'],
  ['2011-12-30', '20:00', 'Pacific/Apia'],
])('%s %s does not exist in %s, because the clocks skip it', (date, time, zone) => {
  expect(problemOfStart(date, time, zone)).toContain(`the clocks in ${zone} skip`);
});

it('accepts a time that the clocks show twice, and one beside a gap', () => {
  expect(problemOfStart('2027-11-07', '01:30', 'America/New_York')).toBeUndefined();
  expect(problemOfStart('2027-03-14', '03:00', 'America/New_York')).toBeUndefined();
  expect(problemOfStart('2027-02-29', '20:00', 'America/New_York')).toBe('the calendar has no 2027-02-29 20:00');
});
