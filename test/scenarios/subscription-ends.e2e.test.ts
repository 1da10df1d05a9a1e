import { createPrivateKey } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { createBooking, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { pushers, subscribeOver } from '#test/fans/pushed.ts';
import { listen } from '#test/fans/transports.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes();
const { system, db } = scenes;
afterAll(async () => {
  await scenes.expectAllInvariants();
  await scenes.close();
});

const query = `subscription ($id: ID!) { bookingChanged(bookingId: $id) {
  status payment { status url refunded { amountMinor } } tickets { id } } }`;
type Told = { bookingChanged: { status: string; payment: { status: string; url: string | null } } };

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const unpaid = { status: expect.any(String), payment: { status: 'PAYMENT_FAILED', url: null } };

/** Makes the hold overdue, as if its time had passed. */
async function passTime(bookingId: string): Promise<void> {
  const past = db.$client`clock_timestamp() - interval '1 second'`;
  await db.$client`update bookings set hold_expires_at = ${past} where id = ${bookingId}`;
  await db.$client`update event_seats set hold_expires_at = ${past} where booking_id = ${bookingId}`;
}

describe.each(Object.entries(pushers))('over %s', (_name, push) => {
  const watch = ({ token }: Fan, id: string) =>
    subscribeOver(push, system.apiUrl, bearer(token), { query, variables: { id } });
  const watched = async (seats: Parameters<typeof scenes.event>[1] = {}) => {
    const buyer = await scenes.buyer(await scenes.event(4, seats), 0, 1);
    const pushed = watch(buyer.fan, buyer.id);
    const ready: Told = await pushed.when(({ bookingChanged }) => bookingChanged.status === 'PAYMENT_READY');
    expect(ready.bookingChanged.payment.url).toMatch(/^http/);
    return { ...buyer, pushed, url: ready.bookingChanged.payment.url ?? '' };
  };
  const last = ({ results }: { results: readonly Told[] }) => results.at(-1)?.bookingChanged;
  /** The page to pay at is sent while it can be used, and at no other time. */
  const expectUrlsOfUse = ({ results }: { results: readonly Told[] }) => {
    for (const { bookingChanged } of results)
      expect(bookingChanged.payment.url !== null, JSON.stringify(bookingChanged)).toBe(
        bookingChanged.status === 'PAYMENT_READY',
      );
  };

  test.each([
    ['CANCELLED', async ({ fan, id }: Awaited<ReturnType<typeof watched>>) => scenes.cancel(fan, id)],
    ['FAILED', ({ url }: { url: string }) => decideAt(url, 'decline')],
    ['EXPIRED', ({ rawId }: { rawId: string }) => passTime(rawId)],
  ] as const)('a subscription to an unpaid booking that is %s gets its end, and completes', async (status, end) => {
    const buyer = await watched();
    await end(buyer);
    expect(await buyer.pushed.ended).toBe('complete');
    expect(last(buyer.pushed)).toMatchObject({ ...unpaid, status });
    expectUrlsOfUse(buyer.pushed);
    const again = watch(buyer.fan, buyer.id);
    expect(await again.ended).toBe('complete');
    expect(again.results).toHaveLength(1);
  });

  test('a confirmed booking that can be cancelled continues to the refund; one that cannot be cancelled completes', async () => {
    const kept = await watched({ cancellableForSeconds: -1 });
    const open = await watched();
    for (const { url } of [kept, open]) expect((await decideAt(url, 'pay')).ok).toBe(true);
    expect(await kept.pushed.ended).toBe('complete');
    expect(last(kept.pushed)).toMatchObject({ status: 'CONFIRMED', payment: { status: 'PAYMENT_SUCCESS', url: null } });

    await open.pushed.when(({ bookingChanged }) => bookingChanged.status === 'CONFIRMED');
    await scenes.cancel(open.fan, open.id);
    expect(await open.pushed.ended).toBe('complete');
    expect(last(open.pushed)).toMatchObject({
      status: 'CANCELLED',
      payment: { status: 'REFUNDED', url: null, refunded: { amountMinor: 10_500 } },
    });
    for (const { pushed } of [kept, open]) expectUrlsOfUse(pushed);
  });
});

describe('a subscription whose access token ends', () => {
  /** The same viewer and session, for this many more seconds. */
  const expiring = async (token: string, seconds: number) => {
    const { sub = '', iss = '', aud = '', ...claims } = decodeJwt(token);
    const key = {
      key: Buffer.from(system.env.TOKEN_PRIVATE_KEY ?? '', 'base64'),
      format: 'der',
      type: 'pkcs8',
    } as const;
    return new SignJWT({ sid: claims.sid, role: claims.role })
      .setProtectedHeader({ alg: 'Ed25519', typ: 'at+jwt' })
      .setSubject(sub)
      .setIssuer(iss)
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime(new Date(Date.now() + seconds * 1000))
      .sign(createPrivateKey(key));
  };
  const held = async () => {
    const fan = await signInAsGuest(system.apiUrl);
    const event = await scenes.event(2);
    const { booking } = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(0)}`]);
    return { token: await expiring(fan.token, 3), operation: { query, variables: { id: booking.id } } };
  };

  test('gets the error as its last result over server-sent events, and completes', async () => {
    const { token, operation } = await held();
    const pushed = subscribeOver(pushers['server-sent events'], system.apiUrl, bearer(token), operation);
    await pushed.when(({ bookingChanged }) => bookingChanged.status === 'PAYMENT_READY');
    expect(await pushed.ended).toMatchObject([
      { message: expect.stringContaining('Refresh'), extensions: { code: 'UNAUTHENTICATED' } },
    ]);
  });

  test('gets it as the reason of the closed socket', async () => {
    const { token, operation } = await held();
    const listener = listen(system.apiUrl, { operations: [operation], token });
    await expect.poll(() => listener.heard()).toContain('PAYMENT_READY');
    await expect.poll(() => listener.heard()).toContain('closed 4403 The access token has expired');
    expect(listener.heard()).not.toContain('"complete"');
  });
});
