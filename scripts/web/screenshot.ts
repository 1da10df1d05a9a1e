// Takes the picture of the README from a running system, in which some fans hold seats and others have paid.
// usage: npm run screenshot [-- http://localhost:4000]
import { chromium, type Page } from 'playwright-core';

const url = process.argv[2] ?? 'http://localhost:4000';
const target = 'docs/images/frontrow.png';
const GUESTS = 8;

async function ask<T>(query: string, variables: object, token?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: object };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A guest holds the best four seats that are left, and every second one pays. */
async function buy(eventId: string, guest: number): Promise<void> {
  type SignedIn = { signInAsGuest: { session: { accessToken: string } } };
  const signIn =
    'mutation ($input: SignInAsGuestInput!) { signInAsGuest(input: $input) { ... on SignInAsGuestSuccess { session { accessToken } } } }';
  const email = `guest-${guest}-${Date.now()}@example.org`;
  const { signInAsGuest } = await ask<SignedIn>(signIn, { input: { email } });
  const token = signInAsGuest.session.accessToken;
  type Held = { holdBestAvailable: { booking?: { id: string } } };
  const hold =
    'mutation ($input: HoldBestAvailableInput!) { holdBestAvailable(input: $input) { ... on CreateBookingSuccess { booking { id } } } }';
  const input = { eventId, quantity: 2 + (guest % 4), idempotencyKey: email };
  const { holdBestAvailable } = await ask<Held>(hold, { input }, token);
  if (guest % 2 === 1 || !holdBestAvailable.booking) return;
  const read = 'query ($id: ID!) { booking(id: $id) { payment { url } } }';
  for (let attempt = 0; attempt < 40; attempt++) {
    const { booking } = await ask<{ booking: { payment: { url?: string } } }>(
      read,
      { id: holdBestAvailable.booking.id },
      token,
    );
    if (booking.payment.url)
      return void (await fetch(booking.payment.url, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }) }));
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Presses free seats side by side near the middle of the map, until two are chosen. */
async function choose(page: Page): Promise<void> {
  const box = await page.getByRole('application').boundingBox();
  if (!box) throw new Error('The map is not there.');
  const chosen = page.locator('.seats li');
  for (let x = 0; x < 300 && (await chosen.count()) < 2; x += 24.4) {
    await page.mouse.click(box.x + box.width * 0.6 + x, box.y + box.height * 0.62);
    await page.waitForTimeout(300);
  }
}

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const browser = await chromium.launch({ executablePath, args });
const viewport = { width: 1280, height: 800 };
const page = await browser.newPage({ viewport, colorScheme: 'light', reducedMotion: 'reduce', locale: 'en-US' });
await page.goto(`${url}/?text=Ollantay`);
await page.locator('a.card').first().click();
await page.locator('frontrow-seatmap').waitFor();
const eventId = new URL(page.url()).pathname.split('/').at(-1) ?? '';
for (let guest = 0; guest < GUESTS; guest++) await buy(eventId, guest);
for (const name of ['Zoom in', 'Zoom in']) await page.getByRole('button', { name }).click();
// Down to the rows near the stage, where seats are held and sold.
await page.mouse.move(450, 300);
await page.mouse.down();
await page.mouse.move(450, 740, { steps: 8 });
await page.mouse.up();
await page.waitForTimeout(1_000);
await choose(page);
await page.getByRole('button', { name: /^Hold/ }).hover();
await page.waitForTimeout(1_000);
await page.screenshot({ path: target });
await browser.close();
console.log(`Wrote ${target}.`);
