import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { MapElement } from './map-element.ts';

/** One fan at the web client, with a browser context of its own. */
export type Shopper = ReturnType<typeof shopperAt>;

/** Opens a page of the client. Problems that the browser reports are collected, and so is every document that is sent. */
export async function openShopper(browser: Browser, url: string, options: ShopperOptions = {}) {
  const viewport = options.viewport ?? { width: 1280, height: 800 };
  const colorScheme = options.isDark ? 'dark' : 'light';
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', locale: 'en-US' });
  return shopperAt(await context.newPage(), url);
}

export type ShopperOptions = { readonly viewport?: { width: number; height: number }; readonly isDark?: boolean };

/** The same fan in a further tab. */
export const inNewTab = async ({ context, url }: Shopper): Promise<Shopper> => shopperAt(await context.newPage(), url);

function shopperAt(page: Page, url: string) {
  const context = page.context();
  const problems: string[] = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  const mapReady = () =>
    expect
      .poll(() => page.evaluate(() => document.querySelector<MapElement>('frontrow-seatmap')?.client?.state))
      .toBe('live');
  return {
    ...{ context, page, problems, url, mapReady },
    async openEvent(eventId: string) {
      await page.goto(`${url}/events/${eventId}`);
      await mapReady();
    },
    /** The state of each seat, as the page's map has it now. */
    statuses: () =>
      page.evaluate(() => [...(document.querySelector<MapElement>('frontrow-seatmap')?.client?.statuses?.codes ?? [])]),
    /** Chooses seats on the map, holds them as a guest and sees the booking. */
    async hold(seatNos: readonly number[], email: string) {
      for (const seatNo of seatNos) await this.press(seatNo);
      await page.getByRole('button', { name: /^Hold \d+ seat/ }).click();
      await this.signInAsGuest(email);
      await page.getByRole('link', { name: /^Pay/ }).waitFor();
    },
    /** The state of a seat, as the page's map has it now. */
    statusOf: (seatNo: number) =>
      page.evaluate(
        (seat) => document.querySelector<MapElement>('frontrow-seatmap')?.client?.statuses?.codes[seat],
        seatNo,
      ),
    /** Brings the map so near that the seat can be pressed, and presses it, as a person with a mouse does, until it is chosen. */
    async press(seatNo: number) {
      await expect
        .poll(async () => {
          await approach(page, seatNo);
          return isChosen(page, seatNo);
        })
        .toBe(true);
    },
    /** Waits until the page shows exactly this text. Fails with what it shows instead. */
    async sees(text: string) {
      // The map says some texts to screen readers as well.
      const shown = page.getByText(text, { exact: true }).first();
      await shown.waitFor().catch(async () => {
        const instead = await page.locator('body').textContent();
        throw new Error(`${page.url()} does not show "${text}" but:\n${instead}\n${problems.join('\n')}`);
      });
    },
    async signInAsGuest(email: string) {
      await page.getByLabel('E-mail address').fill(email);
      await page.getByRole('button', { name: 'Continue' }).click();
    },
  };
}

/** Comes nearer to a seat that is not chosen, and presses it where it has come to rest. A page that is still being filled moves it. */
async function approach(page: Page, seatNo: number): Promise<void> {
  let before = await placeOf(page, seatNo);
  for (let step = 0; step < 20; step++) {
    const { x, y, radius } = before;
    await page.mouse.move(x, y);
    if (radius < 5) await page.mouse.wheel(0, -300);
    await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))));
    const now = await placeOf(page, seatNo);
    if (radius >= 5 && now.x === x && now.y === y) break;
    before = now;
  }
  if (!(await isChosen(page, seatNo))) await page.mouse.click(before.x, before.y);
  await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => done(true))));
}

const isChosen = (page: Page, seatNo: number): Promise<boolean> =>
  page.evaluate(
    (seat) =>
      document.querySelector<MapElement>('frontrow-seatmap')?.selected.some(({ seatNo }) => seatNo === seat) ?? false,
    seatNo,
  );

/** Where a seat is on the page, in CSS pixels. */
export async function placeOf(page: Page, seatNo: number): Promise<{ x: number; y: number; radius: number }> {
  return page.evaluate((seat) => {
    const element = document.querySelector<MapElement>('frontrow-seatmap');
    const place = element?.placeOf(seat);
    if (!element || !place) throw new Error('The map is not there.');
    const { left, top } = element.getBoundingClientRect();
    return { x: left + place.x, y: top + place.y, radius: place.radius };
  }, seatNo);
}

/** Presses Tab until the element with this name has the focus, inside of shadow trees too. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 60; step++) {
    const focused = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return (
        active?.ariaLabel || (active as HTMLInputElement | null)?.labels?.[0]?.textContent || active?.textContent || ''
      );
    });
    if (name.test(focused)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${name}.`);
}
