import { resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { noChromium } from '#test/support/http/chromium.ts';
import type { System } from '#test/support/system/system.ts';
import { violationsOf } from '#test/support/web/axe.ts';
import { makeFirstEvent } from '#test/support/web/organizer.ts';
import { openShop, type Shop } from '#test/support/web/shop.ts';
import { tabTo } from '#test/support/web/shopper.ts';

const AVAILABLE = 0;
const HELD = 1;
const BOOKED = 2;
let shop: Shop;
let system: System;
let event: SeededEvent;

beforeAll(async () => {
  shop = await openShop();
  system = shop.system;
  event = await shop.event({ seats: 400, rows: 5, sections: 4, title: 'Night of the String Quartets' });
}, 300_000);
afterAll(() => shop.close());
beforeEach(({ skip }) => {
  if (!shop.browser) return skip(noChromium);
  return () => shop.sendHome();
});

const shopper = () => shop.shopper();
const eventId = () => `Event_${event.eventId}`;

test('a fan searches, chooses seats on the map, pays and has tickets, while another fan sees each step of it', async () => {
  const [fan, other] = [await shopper(), await shopper()];
  await other.openEvent(eventId());
  await fan.page.goto(system.apiUrl);
  await fan.page.getByRole('combobox', { name: 'Team, artist, city or venue' }).fill('string quartets');
  await fan.page.getByRole('button', { name: 'Search' }).click();
  await fan.page.getByRole('link', { name: /Night of the String Quartets/ }).click();
  await fan.mapReady();
  await fan.press(20);
  await fan.press(21);
  await fan.page.getByRole('button', { name: 'Hold 2 seats' }).click();
  await fan.signInAsGuest('first@example.org');
  await expect.poll(() => other.statusOf(20)).toBe(HELD);
  await fan.page.getByRole('link', { name: 'Pay $105' }).click();
  await fan.page.getByRole('button', { name: 'Pay' }).click();
  await fan.page.getByRole('link', { name: 'Back to the shop' }).click();
  await fan.sees('Ticket 2 of 2');
  expect(await fan.page.getByRole('img', { name: /Show this code/ }).count()).toBe(2);
  await expect.poll(() => other.statusOf(21)).toBe(BOOKED);
  expect(await other.statusOf(22)).toBe(AVAILABLE);

  // The door has no network.
  await fan.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await fan.context.setOffline(true);
  await fan.page.reload();
  await fan.sees('Ticket 2 of 2');
  await fan.context.setOffline(false);
  expect([...fan.problems, ...other.problems].filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))).toEqual(
    [],
  );
});

test('serves hashed files for a year, pages without inline scripts, and the addresses of the API as before', async () => {
  const get = (path: string, accept = '*/*') => fetch(`${system.apiUrl}${path}`, { headers: { accept } });
  const page = await get('/events/Event_unknown', 'text/html');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect([page.status, policy.includes("script-src 'self'"), policy.includes('unsafe')]).toEqual([200, true, false]);
  const [, script = ''] = /src="(\/assets\/[^"]+)"/.exec(await page.text()) ?? [];
  expect((await get(script)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect((await get('/seatmap/seatmap.js')).headers.get('access-control-allow-origin')).toBe('*');
  const paths = [
    '/health',
    '/ready',
    '/.well-known/frontrow-tickets.json',
    '/',
    '/assets/none.js',
    '/trusted-documents.json',
  ];
  const answers = await Promise.all(paths.map(async (path) => (await get(path)).status));
  expect(answers).toEqual([200, 200, 200, 200, 404, 404]);
  expect(await (await get('/nothing')).json()).toMatchObject({ errors: [{ message: 'This address does not exist.' }] });
});

test('with the keyboard alone a fan chooses three seats from the list and holds them', async () => {
  const { page, openEvent, signInAsGuest } = await shopper();
  await openEvent(eventId());
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await tabTo(page, /^List of seats$/);
  await press('Enter');
  await tabTo(page, /^Section/);
  await press('ArrowDown', 'Enter');
  await page.getByRole('heading', { name: /^Section/ }).waitFor();
  await press('ArrowDown', 'Enter');
  await page.getByRole('heading', { name: /Row/ }).waitFor();
  await press('Enter', 'ArrowRight', 'Enter', 'ArrowRight', 'Enter');
  await tabTo(page, /^Hold 3 seats$/);
  await expect.poll(() => page.getByRole('button', { name: 'Hold 3 seats' }).isEnabled()).toBe(true);
  await press('Enter');
  await signInAsGuest('keys@example.org');
  await page.getByText('Held for you for').waitFor();
  expect(await page.getByRole('link', { name: /^Pay/ }).count()).toBe(1);
});

test('an organizer goes from the sign-up and a file of a real plan to a paid ticket, and no page has an axe violation', async () => {
  const [organizer, fan] = [await shopper(), await shopper()];
  const { page } = organizer;
  const found: string[] = [];
  const check = async (name: string) =>
    void found.push(...(await violationsOf(page)).map((text) => `${name}: ${text}`));
  const chart = resolve(import.meta.dirname, '../..', 'data/seatsio-charts/sampleChartWithSections.json');
  const address = await makeFirstEvent({ page, url: system.apiUrl, check }, chart);
  await fan.openEvent(address.split('/').at(-1) ?? '');
  await fan.page.getByRole('button', { name: 'Choose the best seats for me' }).click();
  await fan.signInAsGuest('fado@example.org');
  await fan.page.getByRole('link', { name: 'Pay €67' }).click();
  await fan.page.getByRole('button', { name: 'Pay' }).click();
  await fan.page.getByRole('link', { name: 'Back to the shop' }).click();
  await fan.sees('Ticket 2 of 2');
  // The figures of the organizer arrive by themselves.
  await organizer.sees('€67');
  for (const name of ['Edit', 'Allocations and codes', 'Box office']) {
    await page.getByRole('link', { name, exact: true }).click();
    await page.locator('.subnav [data-status=active]').getByText(name, { exact: true }).waitFor();
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    await check(name);
  }
  await page.getByRole('button', { name: 'Choose the best seats' }).click();
  await page.getByRole('button', { name: 'Sell', exact: true }).click();
  await page.getByRole('button', { name: 'Next sale' }).waitFor();
  await check('sold at the box office');
  await page.getByRole('link', { name: 'Cancel the event' }).click();
  await page.getByRole('button', { name: 'See what would happen' }).click();
  await page.getByLabel('Reason').fill('The singer is ill.');
  await check('cancel');
  await page.getByRole('button', { name: 'Cancel the event for good' }).click();
  await organizer.sees('The event is cancelled, and everything is done');
  await fan.sees('This booking was cancelled.');
  expect(found).toEqual([]);
});
