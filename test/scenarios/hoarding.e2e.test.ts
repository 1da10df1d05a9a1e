import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HoardingFigures, type HoardingWorld, openHoardingWorld } from '#test/support/system/hoarding-world.ts';

/** The attack of `npm run bench -- hoarding`, smaller: an event of a thousand seats, for a few seconds. */
const size = {
  seats: 1_000,
  guests: 60,
  events: 20,
  seconds: 0,
  keepSeconds: 1,
  fans: 24,
  fansAfterSeconds: 1,
  fansArriveSeconds: 0,
  thinkSeconds: 0.5,
};

let world: HoardingWorld;
beforeAll(async () => {
  world = await openHoardingWorld(size, { env: { COOL_DOWN_ADDRESS_SEATS: '40' } });
});
afterAll(() => world.close());

describe('guests of one address hold as many seats as they can, and cancel and hold again at once', () => {
  let figures: HoardingFigures;
  beforeAll(async () => {
    figures = await world.play(
      ({ held, attack, nomad }) =>
        (attack.get('CANCELLED') ?? 0) >= 10 &&
        (attack.get('TOO_MANY_UNPAID_SEATS') ?? 0) >= 20 &&
        (held.at(-1) ?? 0) <= 32 &&
        nomad.seats > 0,
    );
  }, 240_000);

  test('they hold at most 5 % of the event, and fewer seats the longer they continue', () => {
    const most = Math.max(...figures.held);
    expect(most).toBeGreaterThan(30);
    expect(most / figures.capacity).toBeLessThanOrEqual(0.05);
    // Its floor, after forty seats had ended unpaid.
    expect(figures.held.at(-1)).toBeLessThanOrEqual(32);
  });

  test('one guest at twenty events holds as many seats as at one event', () => {
    expect(figures.nomad.seats).toBe(16);
  });

  test('twenty-four fans behind one address, who together want more than its limit, all buy', () => {
    expect(figures.fans.seconds).toHaveLength(size.fans);
    expect(figures.fans.tally.get('TOO_MANY_UNPAID_SEATS')).toBeGreaterThan(0);
  });
});

test('without the limits the same attack takes the event', { timeout: 240_000 }, async () => {
  await world.system.start('api-2', { HOARDING_LIMITS: 'off' });
  const { capacity } = await world.play(
    ({ held, nomad }) => Math.max(...held) > 0.3 * size.seats && nomad.events > 16,
    { apiUrl: world.system.secondApiUrl, fans: 0 },
  );
  expect(capacity).toBe(size.seats);
});
