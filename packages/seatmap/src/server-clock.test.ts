import { afterEach, expect, test, vi } from 'vitest';
import { ServerClock } from './server-clock.ts';

const MINUTE = 60_000;

afterEach(() => {
  vi.restoreAllMocks();
});

const answerOf = (date: number) => async () => new Response('', { headers: { date: new Date(date).toUTCString() } });

test.each([10, -10])(
  'shows the time of the server when the clock of the device is wrong by %i minutes',
  async (minutes) => {
    const real = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(real + minutes * MINUTE);
    const clock = new ServerClock();
    await clock.measure(answerOf(real));
    expect(Math.abs(clock.now() - real)).toBeLessThan(1_000);
  },
);

test('follows when the clock of the device is set while the page is open', async () => {
  const real = Date.now();
  const clock = new ServerClock();
  await clock.measure(answerOf(real));
  vi.spyOn(Date, 'now').mockReturnValue(real + 10 * MINUTE);
  await clock.measure(answerOf(real));
  expect(Math.abs(clock.now() - real)).toBeLessThan(1_000);
});
