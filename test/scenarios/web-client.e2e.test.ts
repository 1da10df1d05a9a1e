import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { announceEvents, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { noChromium, openChromium, SOFTWARE_WEBGL } from '#test/support/http/chromium.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { readSeatPixels } from '#test/support/web/pixels.ts';
import { openShopper, type Shopper, tabTo } from '#test/support/web/shopper.ts';

const AVAILABLE = 0;
const HELD = 1;
const BOOKED = 2;
const root = resolve(import.meta.dirname, '../..');
let browser: Browser | undefined;
let system: System;
let db: Db;
let event: SeededEvent;
const shoppers: Shopper[] = [];

beforeAll(async () => {
  browser = await openChromium(SOFTWARE_WEBGL);
  await promisify(execFile)(process.execPath, ['scripts/web/build.ts'], { cwd: root });
  // Production accepts the documents of the build and no others.
  const env = {
    FRONTROW_PROFILE: 'production',
    FRONTROW_REHEARSAL: 'sandbox-gateway,no-rate-limits',
    WEB_CLIENT: resolve(root, 'web/dist'),
  };
  system = await startSystem({ processes: ['gateway-sandbox', 'relay', 'worker', 'api'], env });
  await system.start('payments', { PAYMENT_RETURN_URL: `${system.apiUrl}/paid` });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 400, rows: 5, sections: 4, title: 'Night of the String Quartets' });
  await announceEvents(db, [event.eventId]);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await closeDb(db);
  await system.stop();
});
beforeEach(({ skip }) => {
  if (!browser) return skip(noChromium);
  return async () => {
    for (const { context } of shoppers.splice(0)) await context.close();
  };
});

async function shopper(): Promise<Shopper> {
  if (!browser) throw new Error(noChromium);
  const opened = await openShopper(browser, system.apiUrl);
  shoppers.push(opened);
  return opened;
}

const eventId = () => `Event_${event.eventId}`;

/** Runs axe in the page and returns each violation with its first element. */
async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

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

test.each(['webgl2', 'canvas2d'])('%s paints each seat as its status in PostgreSQL', async (renderer) => {
  const drawn = await seedEvent(db, { seats: 240, rows: 6, title: `Painted by ${renderer}` });
  for (const [index, status] of (['HELD', 'BOOKED', 'BLOCKED'] as const).entries()) {
    const seatNos = Array.from({ length: 240 }, (_, seatNo) => seatNo).filter((seatNo) => (seatNo * 7) % 4 === index);
    await commitSeatChange(db, drawn.eventId, status, seatNos);
  }
  const { page, openEvent } = await shopper();
  // Narrow enough for seats without numbers in them.
  await page.setViewportSize({ width: 1050, height: 700 });
  await page.addInitScript((name) => {
    if (name === 'canvas2d')
      HTMLCanvasElement.prototype.getContext = withoutWebgl(HTMLCanvasElement.prototype.getContext);
    function withoutWebgl(real: HTMLCanvasElement['getContext']) {
      return function (this: HTMLCanvasElement, kind: string, options?: unknown) {
        return kind === 'webgl2' ? null : real.call(this, kind, options);
      } as HTMLCanvasElement['getContext'];
    }
  }, renderer);
  await openEvent(`Event_${drawn.eventId}`);
  const { shown, rendererName, radius } = await readSeatPixels(page);
  expect(rendererName).toBe(renderer);
  expect(radius).toBeGreaterThan(4);
  const rows = await db.execute<{ seatNo: number; status: string }>(
    `select seat_no as "seatNo", status from event_seats where event_id = '${drawn.eventId}'`,
  );
  const statuses = new Map(rows.map(({ seatNo, status }) => [seatNo, status]));
  const expected = Array.from({ length: 240 }, (_, seatNo) => statuses.get(seatNo) ?? 'AVAILABLE');
  expect(shown).toEqual(expected);
});

test('axe finds no violation on any page', async () => {
  const { page, openEvent, signInAsGuest, press } = await shopper();
  const found: string[] = [];
  const check = async (name: string) => found.push(...(await violationsOf(page)).map((text) => `${name}: ${text}`));
  await page.goto(system.apiUrl);
  await page.getByRole('link', { name: /String Quartets/ }).waitFor();
  await check('search');
  await page.goto(`${system.apiUrl}/bookings`);
  await check('bookings, signed out');
  await page.goto(`${system.apiUrl}/no/such/page`);
  await check('not found');
  await openEvent(eventId());
  await check('event');
  await press(60);
  await check('event with a chosen seat');
  await page.getByRole('button', { name: 'List of seats' }).click();
  await check('list of seats');
  await page.getByRole('button', { name: 'Hold 1 seat' }).click();
  await check('dialog');
  await signInAsGuest('axe@example.org');
  await page.getByRole('link', { name: /^Pay/ }).waitFor();
  await check('held booking');
  await page.goto(`${system.apiUrl}/bookings`);
  await page.getByRole('link', { name: /String Quartets/ }).waitFor();
  await check('bookings');
  await page.goto(`${system.apiUrl}/sign-in`);
  await check('signed in');
  await page.goto(`${system.apiUrl}/organizer`);
  await page.getByRole('button', { name: 'Create organization' }).waitFor();
  await check('organizer');
  expect(found).toEqual([]);
});
