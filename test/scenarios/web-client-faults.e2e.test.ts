import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cancelEvent } from '#domain/cancellation/cancel-event.ts';
import { previewEventCancellation } from '#domain/cancellation/preview-event-cancellation.ts';
import { openRights } from '#domain/organization/rights.ts';
import { openRedis } from '#redis/client.ts';
import { openPubSub } from '#redis/pubsub.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { noChromium } from '#test/support/http/chromium.ts';
import type { Fault } from '#test/support/network/fault-proxy.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { publishSeededRoom, seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { isLong, openShop, type Shop } from '#test/support/web/shop.ts';
import { inNewTab, type Shopper } from '#test/support/web/shopper.ts';

const AVAILABLE = 0;
const HELD = 1;
const CUT_MS = isLong ? 20_000 : 2_000;
let shop: Shop;
/** Each test has seats of its own on it. */
let event: SeededEvent;
let nextSeat = 0;

beforeAll(async () => {
  shop = await openShop();
  event = await shop.event({ seats: 400, rows: 5, sections: 4, title: 'A Stormy Evening' });
}, 300_000);
afterAll(() => shop.close());
beforeEach(({ skip }) => {
  if (!shop.browser) return skip(noChromium);
  return () => shop.sendHome();
});

const idOf = ({ eventId }: SeededEvent) => `Event_${eventId}`;
const takeSeat = (): number => {
  nextSeat += 3;
  return nextSeat;
};

async function cancel({ eventId, organizerId }: SeededEvent): Promise<void> {
  const { db, system } = shop;
  const redis = openRedis({ url: system.redisUrl, name: 'test' });
  const pubsub = openPubSub({ url: system.redisUrl, name: 'test' });
  const needs = { db, redis, rights: openRights({ db, pubsub }) };
  const actor = { userId: organizerId };
  const { token } = await previewEventCancellation(needs, actor, eventId);
  await cancelEvent(needs, actor, { eventId, token, refundFees: true, reason: 'The stage is under water.' });
  needs.rights.close();
  await pubsub.close();
  redis.disconnect();
}

test('a fan who looks at the map of an event sees at once that it was cancelled, and another that the tickets are', async () => {
  const doomed = await shop.event({ seats: 40, rows: 2, title: 'The Last Waltz' });
  const [fan, holder] = [await shop.shopper(), await shop.shopper()];
  await fan.openEvent(idOf(doomed));
  await holder.openEvent(idOf(doomed));
  await holder.hold([4], 'waltz@example.org');
  await cancel(doomed);
  await fan.sees('Tickets are not on sale now.');
  expect(await fan.page.getByRole('heading', { name: 'Cancelled' }).count()).toBe(1);
  expect(await fan.page.locator('frontrow-seatmap').count()).toBe(0);
  await holder.sees('This booking was cancelled.');
});

test('after the api process was killed and started again, the page is live again and has all changes', async () => {
  const seatNo = takeSeat();
  const fan = await shop.shopper();
  await fan.openEvent(idOf(event));
  await shop.system.kill('api', 'SIGKILL');
  await fan.sees('The connection is lost. Connecting again …');
  await commitSeatChange(shop.db, event.eventId, 'HELD', [seatNo]);
  await shop.system.start('api');
  await expect.poll(() => fan.statusOf(seatNo)).toBe(HELD);
  await fan.hold([takeSeat()], 'restart@example.org');
});

/** A page needs a quarter of a minute to notice a network that is lost without a sign. */
const faults: readonly Fault[] = isLong ? [{ kind: 'reset' }, { kind: 'black-hole' }] : [{ kind: 'reset' }];
test.each(faults)(
  'a network that is lost ($kind) is noticed, and afterwards the map is that of PostgreSQL',
  async (fault) => {
    const [before, meanwhile] = [takeSeat(), takeSeat()];
    const fan = await shop.shopper({ behindProxy: true });
    await fan.openEvent(idOf(event));
    await commitSeatChange(shop.db, event.eventId, 'HELD', [before]);
    shop.proxy.set(fault);
    if (fault.kind === 'reset') await fan.sees('The connection is lost. Connecting again …');
    await commitSeatChange(shop.db, event.eventId, 'HELD', [meanwhile]);
    await sleep(CUT_MS);
    expect(await fan.statusOf(meanwhile)).toBe(AVAILABLE);
    // A black hole lasts until the page has noticed that no sign of life comes back.
    if (fault.kind === 'black-hole') await fan.sees('The connection is lost. Connecting again …');
    const backAt = performance.now();
    shop.proxy.set({ kind: 'pass' });
    await expect.poll(() => fan.statusOf(meanwhile), { interval: 50 }).toBe(HELD);
    expect(performance.now() - backAt).toBeLessThan(8_000);
    expect(await fan.statusOf(before)).toBe(HELD);
  },
);

/** The clock of the device is wrong by this much. */
const setClock = (page: Page, wrongByMs: number): Promise<unknown> =>
  page.addInitScript((ms) => {
    const RealDate = Date;
    const now = () => RealDate.now() + ms;
    globalThis.Date = new Proxy(RealDate, {
      construct: (target, args) => (args.length > 0 ? Reflect.construct(target, args) : new target(now())),
      get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
    });
  }, wrongByMs);

test.each([10, -10])(
  'a clock that is wrong by %i minutes changes neither the timer nor who is signed in',
  async (minutes) => {
    const fan = await shop.shopper();
    await setClock(fan.page, minutes * 60_000);
    await fan.openEvent(idOf(event));
    await fan.hold([takeSeat()], `clock${minutes}@example.org`);
    const [held] = await shop.db.execute<{ seconds: number }>(
      'select extract(epoch from hold_expires_at - now())::float8 as seconds from bookings order by id desc limit 1',
    );
    const shown = /(\d+):(\d\d)/.exec((await fan.page.getByRole('timer').textContent()) ?? '') ?? [];
    expect(Math.abs(Number(shown[1]) * 60 + Number(shown[2]) - (held?.seconds ?? 0))).toBeLessThan(4);
    // The token has expired, which a clock that is late hides until the first answer.
    await fan.page.evaluate(() => {
      const session = JSON.parse(localStorage.getItem('frontrow.session') ?? '{}');
      const [header, , signature] = session.accessToken.split('.');
      localStorage.setItem(
        'frontrow.session',
        JSON.stringify({ ...session, accessToken: `${header}.e30.${signature}` }),
      );
    });
    await fan.page.reload();
    await fan.page.getByRole('link', { name: /^Pay/ }).waitFor();
  },
);

test('two tabs of a fan are one fan: signing in, the hold and the tickets show in both', async () => {
  const first = await shop.shopper();
  await first.openEvent(idOf(event));
  const second = await inNewTab(first);
  await second.page.goto(`${second.url}/bookings`);
  await second.sees('Sign in to see your tickets.');
  await first.hold([takeSeat()], 'tabs@example.org');
  await second.page.getByRole('link', { name: /Stormy/ }).click();
  await second.page.getByRole('link', { name: /^Pay/ }).waitFor();
  await pay(first);
  await second.sees('Ticket 1 of 1');
});

async function pay({ page, sees }: Shopper): Promise<void> {
  await page.getByRole('link', { name: /^Pay/ }).click();
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await sees('Ticket 1 of 1');
}

test('back, forward and a reload in the middle of paying lose neither the seats nor the way to pay', async () => {
  const seatNo = takeSeat();
  const fan = await shop.shopper();
  const { page } = fan;
  await fan.openEvent(idOf(event));
  await fan.hold([seatNo], 'back@example.org');
  await page.goBack();
  await fan.mapReady();
  expect(await fan.statusOf(seatNo)).toBe(HELD);
  await page.goForward();
  await page.reload();
  await page.getByRole('link', { name: /^Pay/ }).click();
  await page.getByRole('button', { name: 'Pay' }).waitFor();
  await page.reload();
  await page.goBack();
  await page.getByRole('link', { name: /^Pay/ }).waitFor();
  await pay(fan);
  expect(fan.problems).toEqual([]);
});

test('in the waiting room a fan sees the place move, checks the draw and goes in', async () => {
  const wanted = await shop.event({ seats: 40, rows: 2, title: 'The Reunion' });
  await seedRoom(shop.db, wanted.eventId, {
    state: 'OPEN',
    capacity: 1,
    graceSeconds: 5,
    drawsInSeconds: 3_000,
    joined: 2,
  });
  await publishSeededRoom(shop.db, shop.system.redisUrl, wanted.eventId);
  const fan = await shop.shopper();
  const { page } = fan;
  await page.goto(`${fan.url}/events/${idOf(wanted)}`);
  await page.getByRole('button', { name: 'Join the waiting room' }).click();
  await fan.signInAsGuest('reunion@example.org');
  await fan.sees('The secret of the draw is bound now. After the draw this page checks your place.');
  const seen = collectTexts(page);
  await shop.db.execute(
    `update waiting_rooms set draw_at = clock_timestamp(), version = version + 1 where event_id = '${wanted.eventId}'`,
  );
  await fan.sees('This page has repeated the draw: your place follows from it.');
  await page.getByRole('button', { name: 'Go in' }).click();
  await fan.mapReady();
  // The others do not come, so that the place moves up until it is this fan's turn.
  const steps = ['2 fans are ahead of you', '1 fan is ahead of you', 'You are next', 'It is your turn'];
  const places = (await seen()).map((text) => steps.indexOf(text));
  expect(places).toEqual(places.toSorted());
  expect(places.at(-1)).toBe(3);
  await fan.press(5);
  await page.getByRole('button', { name: 'Hold 1 seat' }).click();
  await page.getByRole('link', { name: /^Pay/ }).waitFor();
});

/** Notes each large text of the waiting room. The function returns them. */
function collectTexts(page: Page): () => Promise<string[]> {
  const started = page.evaluate(() => {
    const texts: string[] = [];
    Object.assign(globalThis, { seenTexts: texts });
    new MutationObserver(() => {
      const text = document.querySelector('.room .big')?.textContent ?? '';
      if (text !== '' && text !== texts.at(-1)) texts.push(text);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return async () => {
    await started;
    return page.evaluate(() => (globalThis as unknown as { seenTexts: string[] }).seenTexts);
  };
}
