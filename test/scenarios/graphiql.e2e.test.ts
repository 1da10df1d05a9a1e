import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { type SeededEvent, seedEvent } from '#test/support/catalog.ts';
import { createBooking, signInAsGuest } from '#test/support/fan.ts';
import { type System, startSystem } from '#test/support/system.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem();
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40, title: 'Mexico – South Africa' });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

test('GraphiQL runs in a browser without the internet: the examples, a query, a subscription with the token', async ({
  skip,
}) => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] }).catch(() => undefined);
  if (!browser) return skip('There is no Chromium; CHROMIUM names one.');
  try {
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    const problems: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(system.apiUrl) && !/^(data|blob):/.test(request.url()))
        elsewhere.push(request.url());
    });
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${system.apiUrl}/graphql`);
    const tabs = page.locator('.graphiql-tab');
    await expect.poll(() => tabs.count(), { timeout: 20_000 }).toBe(10);

    await page.locator('.graphiql-execute-button').click();
    const response = page.locator('.graphiql-response');
    await expect.poll(() => response.textContent(), { timeout: 20_000 }).toContain('totalCount');

    const fan = await signInAsGuest(system.apiUrl);
    const { booking } = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(0)}`]);
    const events = await page.evaluate(`(async () => {
      const [query, id, token] = ${JSON.stringify([
        'subscription ($id: ID!) { bookingChanged(bookingId: $id) { id } }',
        booking.id,
        fan.token,
      ])};
      const response = await fetch('/graphql', { method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: 'Bearer ' + token },
        body: JSON.stringify({ query, variables: { id } }) });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      while (!text.includes('data: {')) text += (await reader.read()).value;
      await reader.cancel();
      return text;
    })()`);
    expect(events).toContain(booking.id);
    expect(elsewhere).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await browser.close();
  }
});

/**
 * GraphiQL reads the name of a tab's operation a moment after the tab is opened; whoever runs it sooner is told this by
 * GraphiQL itself, before anything is sent, and presses the button again.
 */
const operationOfTheLastTab = 'Cannot infer operation';

/** GraphiQL as a person uses it: tabs are clicked, text is copied and pasted. */
async function openEditor(context: BrowserContext) {
  const page = await context.newPage();
  await page.goto(`${system.apiUrl}/graphql`);
  await expect.poll(() => page.locator('.graphiql-tab').count(), { timeout: 20_000 }).toBe(10);
  const tool = (name: string) => page.locator('.graphiql-editor-tools').getByText(name, { exact: true });
  const paste = async (name: 'Variables' | 'Headers', value: object) => {
    await tool(name).click();
    await page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor').first().click();
    await page.evaluate((text) => navigator.clipboard.writeText(text), JSON.stringify(value));
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Control+V');
  };
  const shown = page.locator('.graphiql-response');
  const run = () => page.locator('.graphiql-execute-button').click();
  return {
    page,
    openTab: async (name: string) => {
      await page.getByRole('tab', { name }).getByText(name).click();
      await expect.poll(() => page.getByRole('tab', { name, selected: true }).count()).toBe(1);
    },
    paste,
    run,
    shows: (text: string) =>
      expect
        .poll(
          async () => {
            const answer = (await shown.textContent())?.replaceAll('\u00a0', ' ');
            if (answer?.includes(operationOfTheLastTab)) await run();
            return answer;
          },
          { timeout: 20_000, interval: 200 },
        )
        .toContain(text),
    response: () => copied(page),
  };
}

/** The response, by way of the clipboard: the page itself holds the visible lines only. */
async function copied(page: Page) {
  await page.locator('.graphiql-response .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+C');
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).data;
}

test('a person finds an event, signs in, holds seats, pays on the gateway’s page and is shown the tickets', async ({
  skip,
}) => {
  const browser = await chromium
    .launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    .catch(() => undefined);
  if (!browser) return skip('There is no Chromium; CHROMIUM names one.');
  try {
    const context = await browser.newContext({
      viewport: { width: 1400, height: 1200 },
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const editor = await openEditor(context);

    await editor.run();
    await editor.shows('"totalCount"');
    const eventId = (await editor.response()).searchEvents.edges[0].node.id;
    expect(eventId).toBe(`Event_${event.eventId}`);

    await editor.openTab('SignIn');
    await editor.run();
    await editor.shows('SignInAsGuestSuccess');
    const token = (await editor.response()).signInAsGuest.session.accessToken;
    const headers = { Authorization: `Bearer ${token}` };

    await editor.openTab('HoldSeats');
    await editor.paste('Headers', headers);
    const seatIds = event.seatIds(3, 4).map((id) => `Seat_${id}`);
    await editor.paste('Variables', { input: { eventId, seatIds, idempotencyKey: 'in-a-browser' } });
    await editor.run();
    await editor.shows('CreateBookingSuccess');
    const bookingId = (await editor.response()).createBooking.booking.id;

    await editor.openTab('WatchBooking');
    await editor.paste('Headers', headers);
    await editor.paste('Variables', { bookingId });
    await editor.run();
    await editor.shows('"status": "PAYMENT_READY"');
    const { url } = (await editor.response()).bookingChanged.payment;

    const payment = await context.newPage();
    await payment.goto(url);
    await payment.getByText('Seats held for').waitFor();
    await payment.getByRole('button', { name: 'Pay' }).click();
    await payment.getByText('Payment received').waitFor();

    await editor.page.bringToFront();
    await editor.shows('"status": "CONFIRMED"');
    const { tickets } = (await editor.response()).bookingChanged;
    expect(tickets.map((ticket: { seat: { label: string } }) => ticket.seat.label)).toEqual(['4', '5']);
    expect(tickets[0].code).not.toBe('');
  } finally {
    await browser.close();
  }
}, 60_000);
