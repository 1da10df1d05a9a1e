import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { noChromium } from '#test/support/http/chromium.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { publishSeededRoom, seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { violationsOf } from '#test/support/web/axe.ts';
import { readSeatPixels } from '#test/support/web/pixels.ts';
import { isLong, openShop, type Shop } from '#test/support/web/shop.ts';
import { tabTo } from '#test/support/web/shopper.ts';

const SEATS = 240;
const CHANGES = isLong ? 5_000 : 250;
const CUTS = isLong ? 20 : 3;
let shop: Shop;
let event: SeededEvent;

beforeAll(async () => {
  shop = await openShop();
  event = await shop.event({ seats: 400, rows: 5, sections: 4, title: 'Night of the Brass Bands' });
}, 300_000);
afterAll(() => shop.close());
beforeEach(({ skip }) => {
  if (!shop.browser) return skip(noChromium);
  return () => shop.sendHome();
});

/** The processor of the test machine draws WebGL, which the element would not take by itself. */
const hideSoftware = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    WebGL2RenderingContext.prototype.getExtension = () => null;
    const real = WebGL2RenderingContext.prototype.getParameter;
    WebGL2RenderingContext.prototype.getParameter = function (name) {
      return name === this.RENDERER ? 'a card' : real.call(this, name);
    };
  });

const STATUSES = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'] as const;

/** The same numbers in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Commits random changes while the network of the fans is cut at random. */
async function change(drawn: SeededEvent): Promise<void> {
  const next = numbersFrom(7);
  const cutAt = new Set(Array.from({ length: CUTS }, () => next(CHANGES)));
  for (let index = 0; index < CHANGES; index++) {
    const seatNos = new Set(Array.from({ length: 1 + next(8) }, () => next(SEATS)));
    await commitSeatChange(shop.db, drawn.eventId, STATUSES[next(4)] ?? 'AVAILABLE', [...seatNos]);
    if (cutAt.has(index)) shop.proxy.cut();
  }
}

test(`after ${CHANGES} random changes, with cuts between, both renderers paint each seat as its status in PostgreSQL`, async () => {
  const drawn = await shop.event({ seats: SEATS, rows: 6, title: 'Painted' });
  // Narrow enough for seats without numbers in them.
  const options = { viewport: { width: 1050, height: 700 }, behindProxy: true };
  const fans = [await shop.shopper(options), await shop.shopper(options)];
  const [first, second] = fans;
  if (first) await hideSoftware(first.page);
  for (const fan of fans) await fan.openEvent(`Event_${drawn.eventId}`);
  await change(drawn);
  const rows = await shop.db.execute<{ seatNo: number; status: (typeof STATUSES)[number] }>(
    `select seat_no as "seatNo", status from event_seats where event_id = '${drawn.eventId}'`,
  );
  const expected = Array.from<string>({ length: SEATS }).fill('AVAILABLE');
  for (const { seatNo, status } of rows) expected[seatNo] = status;
  const codes = expected.map((status) => STATUSES.indexOf(status as 'HELD'));
  for (const fan of fans) {
    await expect.poll(() => fan.statuses()).toEqual(codes);
    const { shown, rendererName, radius } = await readSeatPixels(fan.page);
    expect(rendererName).toBe(fan === second ? 'canvas2d' : 'webgl2');
    expect(radius).toBeGreaterThan(4);
    expect(shown).toEqual(expected);
  }
});

test.each(['light', 'dark'])('axe finds no violation on any page of a fan in %s', async (scheme) => {
  const fan = await shop.shopper({ isDark: scheme === 'dark' });
  const { page, url, openEvent, signInAsGuest, press, sees } = fan;
  const found: string[] = [];
  const check = async (name: string) => found.push(...(await violationsOf(page)).map((text) => `${name}: ${text}`));
  await page.goto(url);
  await page.getByRole('link', { name: /Brass Bands/ }).waitFor();
  await check('home');
  await page.goto(`${url}/?text=brass`);
  await page.getByRole('link', { name: /Brass Bands/ }).waitFor();
  await check('results');
  await page.goto(`${url}/?text=zzzzqqq`);
  await sees('No event fits your search.');
  await check('no result');
  await page.goto(`${url}/bookings`);
  await check('bookings, signed out');
  await page.goto(`${url}/sign-in`);
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  await check('sign-in');
  await page.goto(`${url}/no/such/page`);
  await check('not found');
  await openEvent(`Event_${event.eventId}`);
  await check('event');
  await press(scheme === 'dark' ? 60 : 70);
  await check('event with a chosen seat');
  await page.getByRole('button', { name: 'List of seats' }).click();
  await check('list of seats');
  await page.getByRole('button', { name: 'Hold 1 seat' }).click();
  await check('dialog');
  await signInAsGuest(`axe-${scheme}@example.org`);
  await page.getByRole('link', { name: /^Pay/ }).waitFor();
  await check('held booking');
  await page.getByRole('link', { name: /^Pay/ }).click();
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await sees('Ticket 1 of 1');
  await check('tickets');
  await page.goto(`${url}/bookings`);
  await page.getByRole('link', { name: /Brass Bands/ }).waitFor();
  await check('bookings');
  await page.goto(`${url}/sign-in`);
  await check('signed in');
  await page.goto(`${url}/organizer`);
  await page.getByRole('button', { name: 'Create organization' }).waitFor();
  await check('organizer');
  const waited = await shop.event({ seats: 4, title: `Long awaited in ${scheme}` });
  await seedRoom(shop.db, waited.eventId, { state: 'OPEN', drawsInSeconds: 3_000 });
  await publishSeededRoom(shop.db, shop.system.redisUrl, waited.eventId);
  await page.goto(`${url}/events/Event_${waited.eventId}`);
  await page.getByRole('button', { name: 'Join the waiting room' }).waitFor();
  await check('waiting room');
  await page.getByRole('button', { name: 'Join the waiting room' }).click();
  await sees('The secret of the draw is bound now. After the draw this page checks your place.');
  await check('place in the waiting room');
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await fan.context.setOffline(true);
  await page.goto(`${url}/bookings`);
  await page.getByRole('link', { name: /Brass Bands/ }).waitFor();
  await check('offline');
  expect(found).toEqual([]);
});

test('with the keyboard alone a fan finds an event, chooses three seats from the list and pays; a screen reader hears it', async () => {
  const fan = await shop.shopper();
  const { page } = fan;
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await page.goto(fan.url);
  await tabTo(page, /Team, artist, city or venue/);
  await page.keyboard.type('brass bands');
  await press('Enter');
  await page.waitForURL(/text=brass/);
  await page.getByRole('link', { name: /Brass Bands/ }).waitFor();
  await tabTo(page, /Brass Bands/);
  await press('Enter');
  await fan.mapReady();
  await tabTo(page, /^List of seats$/);
  await press('Enter');
  await tabTo(page, /^Section/);
  expect(await page.locator('frontrow-seatmap').ariaSnapshot()).toMatch(
    /button "Section 101 \d+ free · from \$52\.50"/,
  );
  await press('ArrowDown', 'ArrowDown', 'Enter');
  await page.getByRole('heading', { name: 'Section 103' }).waitFor();
  await press('ArrowDown', 'Enter');
  await page.getByRole('heading', { name: 'Section 103 · Row 2' }).waitFor();
  await press('Enter', 'ArrowRight', 'Enter', 'ArrowRight', 'Enter');
  const heard = await page.locator('frontrow-seatmap').ariaSnapshot();
  expect(heard).toContain('Section 103 · Row 2 · Seat 3 chosen. 3 in all.');
  expect(heard).toMatch(/button "Seat 1 \$72\.50 · chosen" \[pressed\]/);
  await tabTo(page, /^Hold 3 seats$/);
  await expect.poll(() => page.getByRole('button', { name: 'Hold 3 seats' }).isEnabled()).toBe(true);
  await press('Enter');
  await page.getByLabel('E-mail address').waitFor();
  await tabTo(page, /^E-mail address/);
  await page.keyboard.type('keys@example.org');
  await press('Enter');
  await page.getByRole('link', { name: /^Pay/ }).waitFor();
  expect(await page.getByRole('main').ariaSnapshot()).toMatch(/timer: Held for you for \d+:\d\d/);
  await tabTo(page, /^Pay/);
  await press('Enter');
  await page.getByRole('button', { name: 'Pay' }).waitFor();
  await tabTo(page, /^Pay/);
  await press('Enter');
  await page.getByRole('link', { name: 'Back to the shop' }).waitFor();
  await tabTo(page, /^Back to the shop$/);
  await press('Enter');
  await fan.sees('Ticket 3 of 3');
  expect(await page.getByRole('main').ariaSnapshot()).toContain('img "Ticket 3 of 3. Show this code at the door."');
});
