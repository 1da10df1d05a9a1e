import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { examples } from '#http/graphiql-examples.ts';
import { createBooking, signInAsGuest, untilFound } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { announceEvents, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { noChromium, openChromium } from '#test/support/http/chromium.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let browser: Browser | undefined;
let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  // The browser may have to be installed first.
  browser = await openChromium();
  system = await startSystem();
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40, title: 'Mexico – South Africa' });
  await announceEvents(db, [event.eventId]);
  await untilFound(system.apiUrl, 'mexico', `Event_${event.eventId}`);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await closeDb(db);
  await system.stop();
});

let context: BrowserContext;
beforeEach(async ({ skip }) => {
  if (!browser) return skip(noChromium);
  const viewport = { width: 1400, height: 1200 };
  context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
  return () => context.close();
});

/**
 * GraphiQL reads the name of a tab's operation a moment after the tab is opened. Before that, GraphiQL itself
 * refuses to run it and sends nothing, so the button is pressed again.
 */
const operationOfTheLastTab = 'Cannot infer operation';

/** Uses GraphiQL as a person does: clicks tabs, copies and pastes text. */
async function openEditor() {
  const page = await context.newPage();
  await page.goto(`${system.apiUrl}/graphql`);
  await expect.poll(() => page.locator('.graphiql-tab').count()).toBe(examples.length);
  const tool = (name: string) => page.locator('.graphiql-editor-tools').getByText(name, { exact: true });
  const shown = page.locator('.graphiql-response');
  const run = () => page.locator('.graphiql-execute-button').click();
  const shows = (text: string) =>
    expect
      .poll(
        async () => {
          const answer = (await shown.textContent())?.replaceAll('\u00a0', ' ');
          if (answer?.includes(operationOfTheLastTab)) await run();
          return answer;
        },
        { interval: 200 },
      )
      .toContain(text);
  return {
    page,
    run,
    shows,
    async openTab(name: string) {
      await page.getByRole('tab', { name }).getByText(name).click();
      await expect.poll(() => page.getByRole('tab', { name, selected: true }).count()).toBe(1);
    },
    /** Opens the tab of a step, runs it, and waits for the expected answer. */
    async step(name: string, says: string) {
      await this.openTab(name);
      await run();
      await shows(says);
    },
    async paste(name: 'Variables' | 'Headers', value: object) {
      await tool(name).click();
      await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor').first().click();
      await page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(value));
      await page.keyboard.press('Control+A');
      await page.keyboard.press('Control+V');
    },
    response: () => copied(page),
    /** What the page says that it will fill in. */
    session: () => page.locator('#frontrow-session').textContent(),
  };
}

/** The response, through the clipboard, because the page itself holds only the visible lines. */
async function copied(page: Page) {
  await page.locator('.graphiql-response .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+C');
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).data;
}

test('GraphiQL runs in a browser without the internet, and reports no problem of its own', async () => {
  const page = await context.newPage();
  const elsewhere: string[] = [];
  const problems: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(system.apiUrl) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(`${system.apiUrl}/graphql`);
  await expect.poll(() => page.locator('.graphiql-tab').count()).toBe(examples.length);
  await page.locator('.graphiql-execute-button').click();
  const response = page.locator('.graphiql-response');
  await expect.poll(() => response.textContent()).toContain('totalCount');
  expect(elsewhere).toEqual([]);
  expect(problems).toEqual([]);
});

test('a person goes from tab to tab to the tickets and pastes nothing on the way', async () => {
  const editor = await openEditor();
  await editor.run();
  await editor.shows('"totalCount"');
  const eventId = (await editor.response()).searchEvents.edges[0].node.id;
  expect(eventId).toBe(`Event_${event.eventId}`);
  await editor.step('ShowEvent', 'Mexico – South Africa');
  await editor.step('ShowSeatMap', '"AVAILABLE"');
  await editor.step('SignIn', 'SignInAsGuestSuccess');
  expect(await editor.session()).toMatch(/^signed in as fan@example\.org until .*Mexico – South Africa.*2 free seats/);
  await editor.step('HoldSeats', 'CreateBookingSuccess');
  await editor.step('WatchBooking', '"status": "PAYMENT_READY"');
  const { url } = (await editor.response()).bookingChanged.payment;

  const payment = await context.newPage();
  await payment.goto(url);
  await payment.getByText('Seats held for').waitFor();
  await payment.getByRole('button', { name: 'Pay' }).click();
  await payment.getByText('Payment received').waitFor();

  await editor.page.bringToFront();
  await editor.shows('"status": "CONFIRMED"');
  const { tickets } = (await editor.response()).bookingChanged;
  expect(tickets.map((ticket: { seat: { label: string } }) => ticket.seat.label)).toEqual(['1', '2']);
  expect(tickets[0].code).not.toBe('');
  await editor.step('ShowBooking', '"status": "CONFIRMED"');
  expect((await editor.response()).viewer.email).toBe('fan@example.org');
});

test('an organizer goes from tab to tab to an event on sale, sends the file with curl, and sees the figures', async () => {
  const editor = await openEditor();
  await editor.step('CreateVenue', 'LAST_ORGANIZATION is not known yet');
  await editor.step('SignUp', 'SignUpSuccess');
  await editor.step('CreateOrganization', 'CreateOrganizationSuccess');
  await editor.step('CreateVenue', 'CreateVenueSuccess');
  await editor.step('CreateUpload', 'CreateUploadSuccess');
  const { url } = (await editor.response()).createUpload.upload;
  const comment = examples.find(({ query }) => query.includes('mutation CreateUpload'))?.query ?? '';
  const [, makeFile = '', send = ''] = /^# (\(echo .*) > hall\.csv$[\s\S]*^# (curl .*) http:/m.exec(comment) ?? [];
  const commands = `${makeFile} | ${send.replace('@hall.csv', '@-')} -sS --fail ${system.apiUrl}${url}`;
  await promisify(execFile)('bash', ['-c', commands]);
  await editor.step('ImportSeatingPlan', 'ImportSeatingPlanSuccess');
  await editor.step('PublishSeatingPlan', '"status": "PUBLISHED"');
  await editor.step('CreateEvent', 'CreateEventSuccess');
  await editor.step('SetPrices', 'SetPricesSuccess');
  await editor.step('SetAllocation', '"changed": 9');
  await editor.step('CreateCodes', 'CreateCodesSuccess');
  await editor.step('PublishEvent', '"saleStatus": "ON_SALE"');
  await editor.step('WatchSales', '"soldTickets": 0');
});

test('a step that comes too early says which tab to run first', async () => {
  const editor = await openEditor();
  await editor.step('ShowEvent', 'LAST_EVENT is not known yet');
  await editor.step('WatchBooking', 'LAST_BOOKING is not known yet');
  await editor.step('FindEvents', '"totalCount"');
  await editor.step('HoldSeats', 'LAST_SEATS is not known yet');
  await editor.step('ShowSeatMap', '"AVAILABLE"');
  await editor.step('HoldSeats', 'UNAUTHENTICATED');
  expect(await editor.session()).toMatch(/^not signed in/);
});

test('a token that is pasted into one tab is sent from the others, and an invalid one is forgotten', async () => {
  const fan = await signInAsGuest(system.apiUrl, 'pasted@example.org');
  const { booking } = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(20)}`]);
  const editor = await openEditor();
  await editor.openTab('ShowBooking');
  await editor.paste('Variables', { id: booking.id });
  await editor.paste('Headers', { Authorization: `Bearer ${fan.token}` });
  await editor.run();
  await editor.shows('"status": "');
  expect((await editor.response()).viewer.email).toBe('pasted@example.org');
  expect(await editor.session()).toMatch(/^signed in/);
  await editor.openTab('WatchBooking');
  await editor.paste('Variables', { bookingId: booking.id });
  await editor.run();
  await editor.shows('"status": "PAYMENT_READY"');
  await editor.openTab('ShowBooking');
  await editor.paste('Headers', { Authorization: 'Bearer nonsense' });
  await editor.run();
  await editor.shows('UNAUTHENTICATED');
  await expect.poll(() => editor.session()).toMatch(/^not signed in/);
});

test('leaving a tab ends its subscription on the server, as the text of the tab says', async () => {
  const streams = async () => {
    const line = /^frontrow_subscriptions\{[^}]*transport="sse"[^}]*\} (\d+)$/m.exec(await system.metrics('api'));
    return Number(line?.[1]);
  };
  const editor = await openEditor();
  await editor.run();
  await editor.shows('"totalCount"');
  await editor.openTab('WatchSeatMap');
  await editor.run();
  await expect.poll(streams).toBe(1);
  const other = await signInAsGuest(system.apiUrl, 'other@example.org');
  await createBooking(other, `Event_${event.eventId}`, [`Seat_${event.seatId(30)}`]);
  await editor.shows('"SeatMapDelta"');
  await editor.openTab('FindEvents');
  await expect.poll(streams).toBe(0);
});

test('a placeholder that the page did not fill in is refused with a message about its value', async () => {
  const asked: Record<string, string> = {
    event: '{ event(id: "LAST_EVENT") { title } }',
    seatMap: '{ seatMap(eventId: "LAST_EVENT") { version } }',
    node: '{ node(id: "LAST_BOOKING") { id } }',
    booking: '{ booking(id: "PASTE_BOOKING_ID") { id } }',
  };
  for (const [field, query] of Object.entries(asked)) {
    const { errors } = await post(system.apiUrl, { query });
    expect(errors?.[0], field).toMatchObject({
      message: expect.stringMatching(/^(LAST|PASTE)_[A-Z_]+ is a placeholder\. Put the id of/),
      extensions: { code: 'BAD_REQUEST' },
    });
  }
});
