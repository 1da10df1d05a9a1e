import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  GatewayRefused,
  GatewayUnavailable,
  NoticeRejected,
  type OpenSessionRequest,
  type PaymentGateway,
} from '#domain/payments/gateway.ts';
import { type Delivered, failure, type GatewayWorld, sessionRequest } from './gateway-world.ts';

/** What the payments service relies on with every provider. */
export function gatewayConformance(name: string, openWorld: () => Promise<GatewayWorld>): void {
  describe(`${name} keeps the promises of the payment gateway port`, () => {
    let world: GatewayWorld;
    let gateway: PaymentGateway;

    beforeAll(async () => {
      world = await openWorld();
      gateway = world.open();
    });
    afterEach(() => world.trouble({}));
    afterAll(() => world.close());

    const openOne = async (changes: Partial<OpenSessionRequest> = {}) => {
      const bookingId = randomUUID();
      const createdAfter = new Date();
      const request = sessionRequest(bookingId, changes);
      return { bookingId, createdAfter, request, opened: await gateway.openSession(request) };
    };

    const paidOne = async () => {
      const one = await openOne();
      await world.pay(one.opened);
      return one;
    };

    const refundOf = (bookingId: string, reference: string, amountMinor: number) => ({
      reference,
      bookingId,
      amountMinor,
      currency: 'USD',
      idempotencyKey: `refund:${bookingId}`,
    });

    describe('sessions', () => {
      test('an opened session has a page, and ends no sooner than the hold', async () => {
        const { opened, request } = await openOne();
        expect(opened.reference).not.toBe('');
        expect(opened.url).toMatch(/^https?:\/\//);
        expect(opened.expiresAt.getTime()).toBeGreaterThanOrEqual(request.expiresAt.getTime());
      });

      test('the same key with the same request returns the same session', async () => {
        const { opened, request } = await openOne();
        expect(await gateway.openSession(request)).toEqual(opened);
      });

      test('the time of the hold may be missing in a session, but is part of the request of its key', async () => {
        const { opened, request } = await openOne({ heldUntil: undefined });
        expect(await gateway.openSession(request)).toEqual(opened);
        const heldUntil = new Date(Date.now() + 60_000);
        const error = await failure(gateway.openSession({ ...request, heldUntil }));
        expect(error).toMatchObject({ name: 'GatewayRefused', code: 'KEY_REUSED' });
      });

      test('the same key sent many times at once opens one session', async () => {
        const createdAfter = new Date();
        const bookingId = randomUUID();
        const request = sessionRequest(bookingId);
        const opened = await Promise.all(Array.from({ length: 10 }, () => gateway.openSession(request)));
        expect(new Set(opened.map((session) => session.reference)).size).toBe(1);
        expect(await gateway.findSessionsByBooking({ bookingId, createdAfter })).toHaveLength(1);
      });

      test('the same key with another request is refused and changes nothing', async () => {
        const { opened, request } = await openOne();
        const lines = [{ label: 'Cheaper', amountMinor: 100 }];
        const error = await failure(gateway.openSession({ ...request, amountMinor: 100, lines }));
        expect(error).toBeInstanceOf(GatewayRefused);
        expect(error).toMatchObject({ code: 'KEY_REUSED' });
        expect((await gateway.getSession(opened.reference)).amountMinor).toBe(request.amountMinor);
      });

      test('a paid session is still the result of its key', async () => {
        const { opened, request } = await paidOne();
        expect(await gateway.openSession(request)).toEqual(opened);
      });

      test('finds only the sessions of a booking', async () => {
        const { bookingId, createdAfter, opened, request } = await openOne();
        await openOne();
        const found = await gateway.findSessionsByBooking({ bookingId, createdAfter });
        expect(found).toEqual([await gateway.getSession(opened.reference)]);
        expect(found[0]).toMatchObject({
          reference: opened.reference,
          bookingId,
          status: 'OPEN',
          url: opened.url,
          amountMinor: request.amountMinor,
          capturedMinor: 0,
          currency: 'USD',
          refunds: [],
        });
      });

      test('a booking without a session has none', async () => {
        expect(await gateway.findSessionsByBooking({ bookingId: randomUUID(), createdAfter: new Date() })).toEqual([]);
      });

      test('a reference that was never given out is not found', async () => {
        expect(await failure(gateway.getSession('cs_unknown'))).toMatchObject({ code: 'NOT_FOUND' });
        expect(await failure(gateway.expireSession('cs_unknown'))).toMatchObject({ code: 'NOT_FOUND' });
      });

      test('a hold that has long ended gets no session', async () => {
        const expiresAt = new Date(Date.now() - 3_600_000);
        const error = await failure(gateway.openSession(sessionRequest(randomUUID(), { expiresAt })));
        expect(error).toMatchObject({ name: 'GatewayRefused', code: 'INVALID_REQUEST' });
      });

      test('a wrong API key is a definite refusal', async () => {
        const error = await failure(world.open({ apiKey: 'sk_wrong_wrong_wrong' }).getSession('cs_unknown'));
        expect(error).toMatchObject({ name: 'GatewayRefused', code: 'UNAUTHORIZED' });
      });
    });

    describe('ends of a session', () => {
      test('paid: the notice and the look-up name the same capture', async () => {
        const { bookingId, opened, request } = await paidOne();
        const { rawBody, headers } = await world.notice(bookingId, 'paid');
        expect(gateway.verifyNotice(rawBody, headers, new Date())).toMatchObject({
          gatewayEventId: expect.stringMatching(/^evt_/),
          type: 'SESSION_PAID',
          reference: opened.reference,
          bookingId,
          amountMinor: request.amountMinor,
          currency: 'USD',
          occurredAt: expect.any(Date),
        });
        expect(await gateway.getSession(opened.reference)).toMatchObject({
          status: 'PAID',
          capturedMinor: request.amountMinor,
          url: undefined,
        });
      });

      test('declined: final, nothing captured', async () => {
        const { bookingId, opened } = await openOne();
        await world.decline(opened);
        const { rawBody, headers } = await world.notice(bookingId, 'declined');
        const notice = gateway.verifyNotice(rawBody, headers, new Date());
        expect(notice).toMatchObject({ type: 'SESSION_DECLINED', reference: opened.reference, bookingId });
        expect(await gateway.getSession(opened.reference)).toMatchObject({ status: 'DECLINED', capturedMinor: 0 });
      });

      test('expired: by Frontrow, repeatably, and then there is no page', async () => {
        const { bookingId, opened } = await openOne();
        const once = await gateway.expireSession(opened.reference);
        expect(once).toMatchObject({ status: 'EXPIRED', url: undefined, capturedMinor: 0 });
        expect(await gateway.expireSession(opened.reference)).toEqual(once);
        const { rawBody, headers } = await world.notice(bookingId, 'expired');
        const notice = gateway.verifyNotice(rawBody, headers, new Date());
        expect(notice).toMatchObject({ type: 'SESSION_EXPIRED', reference: opened.reference, bookingId });
      });

      test('expiring a paid session reports the payment and takes nothing back', async () => {
        const { opened, request } = await paidOne();
        const session = await gateway.expireSession(opened.reference);
        expect(session).toMatchObject({ status: 'PAID', capturedMinor: request.amountMinor });
      });

      test('expiring a declined session reports the decline', async () => {
        const { opened } = await openOne();
        await world.decline(opened);
        expect(await gateway.expireSession(opened.reference)).toMatchObject({ status: 'DECLINED' });
      });
    });

    describe('refunds', () => {
      test('the same key refunds once, and the notice says how much', async () => {
        const { bookingId, opened, request } = await paidOne();
        const asked = refundOf(bookingId, opened.reference, request.amountMinor);
        const refund = await gateway.refund(asked);
        expect(refund).toMatchObject({ amountMinor: request.amountMinor, status: 'SUCCEEDED' });
        expect(await gateway.refund(asked)).toEqual(refund);
        expect(await gateway.getSession(opened.reference)).toMatchObject({ status: 'PAID', refunds: [refund] });
        const { rawBody, headers } = await world.notice(bookingId, 'refunded');
        const amountMinor = request.amountMinor;
        const notice = gateway.verifyNotice(rawBody, headers, new Date());
        expect(notice).toMatchObject({ type: 'REFUNDED', bookingId, amountMinor, currency: 'USD' });
      });

      test('the same key with another amount is refused', async () => {
        const { bookingId, opened } = await paidOne();
        await gateway.refund(refundOf(bookingId, opened.reference, 500));
        const error = await failure(gateway.refund(refundOf(bookingId, opened.reference, 600)));
        expect(error).toMatchObject({ name: 'GatewayRefused', code: 'KEY_REUSED' });
      });

      test('more than the capture is refused, also in parts', async () => {
        const { bookingId, opened, request } = await paidOne();
        const all = request.amountMinor;
        const tooMuch = await failure(gateway.refund(refundOf(bookingId, opened.reference, all + 1)));
        expect(tooMuch).toMatchObject({ name: 'GatewayRefused', code: 'NOT_REFUNDABLE' });
        await gateway.refund({ ...refundOf(bookingId, opened.reference, all - 1), idempotencyKey: `a:${bookingId}` });
        const rest = { ...refundOf(bookingId, opened.reference, 2), idempotencyKey: `b:${bookingId}` };
        expect(await failure(gateway.refund(rest))).toMatchObject({ name: 'GatewayRefused', code: 'NOT_REFUNDABLE' });
      });

      test('a session that was never paid cannot be refunded', async () => {
        const { bookingId, opened } = await openOne();
        const error = await failure(gateway.refund(refundOf(bookingId, opened.reference, 1)));
        expect(error).toMatchObject({ name: 'GatewayRefused', code: 'NOT_REFUNDABLE' });
      });
    });

    describe('notices', () => {
      const rejection = (reader: PaymentGateway, { rawBody, headers }: Delivered, now = new Date()): unknown => {
        try {
          reader.verifyNotice(rawBody, headers, now);
        } catch (error) {
          return error;
        }
        return undefined;
      };

      const paidNotice = async () => {
        const { bookingId } = await paidOne();
        return world.notice(bookingId, 'paid');
      };

      test('one changed byte of the body is detected', async () => {
        const { rawBody, headers } = await paidNotice();
        const tampered = Buffer.from(rawBody);
        tampered[tampered.length - 2] = (tampered[tampered.length - 2] ?? 0) ^ 1;
        const error = rejection(gateway, { rawBody: tampered, headers });
        expect(error).toBeInstanceOf(NoticeRejected);
        expect(error).toMatchObject({ reason: 'SIGNATURE_WRONG' });
      });

      test('a stranger cannot sign', async () => {
        const { rawBody } = await paidNotice();
        const headers = world.sign(rawBody, 'whsec_of_a_stranger', new Date());
        expect(rejection(gateway, { rawBody, headers })).toMatchObject({ reason: 'SIGNATURE_WRONG' });
      });

      test('an unsigned notice is refused', async () => {
        const { rawBody } = await paidNotice();
        expect(rejection(gateway, { rawBody, headers: {} })).toMatchObject({ reason: 'SIGNATURE_MISSING' });
      });

      test('a notice is valid for 300 s and not a second longer, in either direction', async () => {
        const { rawBody } = await paidNotice();
        const at = new Date('2026-06-11T19:00:00Z');
        const headers = world.sign(rawBody, world.secret, at);
        const secondsLater = (seconds: number) => new Date(at.getTime() + seconds * 1000);
        expect(rejection(gateway, { rawBody, headers }, secondsLater(300))).toBeUndefined();
        expect(rejection(gateway, { rawBody, headers }, secondsLater(301))).toMatchObject({ reason: 'TOO_OLD' });
        expect(rejection(gateway, { rawBody, headers }, secondsLater(-301))).toMatchObject({ reason: 'TOO_OLD' });
      });

      test('while secrets rotate, both sign', async () => {
        const { rawBody, headers } = await paidNotice();
        const rotating = world.open({ secrets: ['whsec_the_next_one', world.secret] });
        const next = { rawBody, headers: world.sign(rawBody, 'whsec_the_next_one', new Date()) };
        expect(rejection(rotating, { rawBody, headers })).toBeUndefined();
        expect(rejection(rotating, next)).toBeUndefined();
        expect(rejection(world.open({ secrets: ['whsec_the_next_one'] }), { rawBody, headers })).toMatchObject({
          reason: 'SIGNATURE_WRONG',
        });
      });

      test('a signed but unreadable notice is rejected, an unknown one is ignored', () => {
        const signed = (text: string) => {
          const rawBody = Buffer.from(text);
          return { rawBody, headers: world.sign(rawBody, world.secret, new Date()) };
        };
        expect(rejection(gateway, signed('{"id":'))).toMatchObject({ reason: 'UNREADABLE' });
        expect(rejection(gateway, signed('{"hello":"world"}'))).toMatchObject({ reason: 'UNREADABLE' });
        const news = signed('{"id":"evt_1","type":"balance.available","created":1781204400,"data":{"object":{}}}');
        expect(gateway.verifyNotice(news.rawBody, news.headers, new Date())).toMatchObject({
          gatewayEventId: 'evt_1',
          type: 'IGNORED',
        });
      });
    });

    describe('trouble', () => {
      test('500 after acting is an unknown result, and the same key resolves it', async () => {
        const bookingId = randomUUID();
        const createdAfter = new Date();
        const request = sessionRequest(bookingId);
        await world.trouble({ fail500AfterActing: 1 });
        expect(await failure(gateway.openSession(request))).toBeInstanceOf(GatewayUnavailable);
        const opened = await gateway.openSession(request);
        const found = await gateway.findSessionsByBooking({ bookingId, createdAfter });
        expect(found.map((session) => session.reference)).toEqual([opened.reference]);
      });

      test('500 before acting changes nothing, and the same key works', async () => {
        const { bookingId, createdAfter, request } = { ...(await openOne()), bookingId: randomUUID() };
        const other = { ...request, bookingId, idempotencyKey: `session:${bookingId}` };
        await world.trouble({ failBeforeActing: 1 });
        expect(await failure(gateway.openSession(other))).toBeInstanceOf(GatewayUnavailable);
        expect(await gateway.findSessionsByBooking({ bookingId, createdAfter })).toEqual([]);
        await gateway.openSession(other);
        expect(await gateway.findSessionsByBooking({ bookingId, createdAfter })).toHaveLength(1);
      });

      test('500 after a refund refunds once', async () => {
        const { bookingId, opened, request } = await paidOne();
        const asked = refundOf(bookingId, opened.reference, request.amountMinor);
        await world.trouble({ fail500AfterActing: 1 });
        expect(await failure(gateway.refund(asked))).toBeInstanceOf(GatewayUnavailable);
        const refund = await gateway.refund(asked);
        expect((await gateway.getSession(opened.reference)).refunds).toEqual([refund]);
      });

      test('a call to a hanging gateway ends at the deadline', async () => {
        const { opened } = await openOne();
        await world.trouble({ hangMs: 600_000 });
        const hasty = world.open({ timeoutMs: 100 });
        expect(await failure(hasty.getSession(opened.reference))).toBeInstanceOf(GatewayUnavailable);
      });

      test('the caller can cut a call short', async () => {
        const { opened } = await openOne();
        await world.trouble({ hangMs: 600_000 });
        const cut = new AbortController();
        const call = failure(gateway.getSession(opened.reference, { signal: cut.signal }));
        cut.abort();
        expect(await call).toBeInstanceOf(GatewayUnavailable);
      });
    });
  });
}
