import { expect, test } from 'vitest';
import { inOtherZone, movedWith, readLocalTime } from './local-time-rules.ts';

const at = (text: string, zone: string) => {
  const read = readLocalTime(text, zone);
  return 'at' in read ? read.at.toISOString() : read.problem;
};

test('a time is read on the clock of the venue, or exactly when it has an offset', () => {
  expect(at('2026-06-11T20:00', 'Europe/Zurich')).toBe('2026-06-11T18:00:00.000Z');
  expect(at('2026-12-11T20:00:30', 'Europe/Zurich')).toBe('2026-12-11T19:00:30.000Z');
  expect(at('2026-06-11T20:00', 'Asia/Kathmandu')).toBe('2026-06-11T14:15:00.000Z');
  expect(at('2026-06-11T20:00Z', 'Europe/Zurich')).toBe('2026-06-11T20:00:00.000Z');
  expect(at('2026-06-11T20:00-05:00', 'Europe/Zurich')).toBe('2026-06-12T01:00:00.000Z');
});

test.each(['2026-02-30T20:00', '2026-06-11T24:01', '2026-13-01T20:00', '2026-06-11T20:60'])(
  'there is no %s, with or without an offset',
  (text) => {
    expect(at(text, 'Europe/Zurich')).toBe(`is not in the calendar: ${text}`);
    expect(at(`${text}Z`, 'Europe/Zurich')).toBe(`is not in the calendar: ${text}`);
  },
);

test.each(['', '2026-06-11', '2026-06-11 20:00', '20:00', '2026-06-11T20:00[UTC]', '+2026-06-11T20:00', 'x'])(
  '%j is not a local time',
  (text) => expect(at(text, 'Europe/Zurich')).toMatch(/^must look like/),
);

test.each([
  ['Europe/Zurich', '2026-03-29T02:30'],
  ['America/New_York', '2026-03-08T02:30'],
  ['Australia/Lord_Howe', '2026-10-04T02:15'],
  ['America/Santiago', '2026-09-06T00:30'],
  ['Pacific/Apia', '2011-12-30T12:00'],
])('the clocks in %s skip %s', (zone, text) => {
  expect(at(text, zone)).toMatch(/^is skipped by the clocks/);
  expect(at(`${text}+00:00`, zone)).toBe(new Date(`${text}Z`).toISOString());
});

test.each([
  ['Europe/Zurich', '2026-10-25T02:30', '+02:00', '+01:00'],
  ['America/New_York', '2026-11-01T01:30', '-04:00', '-05:00'],
  ['Australia/Lord_Howe', '2026-04-05T01:45', '+11:00', '+10:30'],
])('the clocks in %s show %s twice', (zone, text, first, second) => {
  expect(at(text, zone)).toBe(
    `comes twice on the clocks in ${zone}: ${text}. Give it with its offset, ${text}${first} or ${text}${second}`,
  );
  expect(at(text + first, zone)).toBe(new Date(text + first).toISOString());
  expect(at(text + second, zone)).toBe(new Date(text + second).toISOString());
});

test('times of a copy keep their distance to the start on the clock, over a change of summer time', () => {
  const move = (time: string, to: string) => {
    const [from, start] = [new Date('2026-06-11T18:00:00Z'), new Date(to)];
    return movedWith(new Date(time), { from, to: start, timeZone: 'Europe/Zurich' }).toISOString();
  };
  // 20:00 in summer becomes 20:00 in winter; doors at 19:00, the sale from midnight a month before.
  expect(move('2026-06-11T17:00:00Z', '2026-12-11T19:00:00Z')).toBe('2026-12-11T18:00:00.000Z');
  expect(move('2026-05-11T22:00:00Z', '2026-12-11T19:00:00Z')).toBe('2026-11-10T23:00:00.000Z');
  // The sale opened in summer and the event is just after the change: midnight stays midnight.
  expect(move('2026-06-07T22:00:00Z', '2026-10-26T19:00:00Z')).toBe('2026-10-22T22:00:00.000Z');
  // A distance to a time that the clocks skip leads behind the gap.
  expect(move('2026-06-11T00:30:00Z', '2026-03-29T18:00:00Z')).toBe('2026-03-29T01:30:00.000Z');
});

test('a draft that goes to a venue of another zone keeps what the clock shows', () => {
  const zones = { from: 'Europe/Zurich', to: 'America/Chicago' };
  expect(inOtherZone(new Date('2026-06-11T18:00:00Z'), zones).toISOString()).toBe('2026-06-12T01:00:00.000Z');
});
