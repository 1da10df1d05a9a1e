import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type GatewayWorld, sessionRequest } from './gateway-world.ts';

/** What a restore relies on with every provider. */
export function gatewayChangesConformance(name: string, openWorld: () => Promise<GatewayWorld>): void {
  describe(`${name} reports what a restored database has lost`, () => {
    test('finds sessions that were opened or refunded since a time, each once, and no others', async () => {
      const world = await openWorld();
      const gateway = world.open();
      const openOne = async () => {
        const request = sessionRequest(randomUUID());
        return { request, opened: await gateway.openSession(request) };
      };
      const [early, untouched] = [await openOne(), await openOne()];
      for (const { opened } of [early, untouched]) await world.pay(opened);
      // Providers count in seconds.
      await sleep(2_100);
      const since = new Date();
      const { bookingId } = early.request;
      const idempotencyKey = `refund:${bookingId}`;
      const { reference } = early.opened;
      await gateway.refund({ reference, bookingId, amountMinor: 500, currency: 'USD', idempotencyKey });
      const late = await openOne();
      const found = await gateway.findSessionsSince({ since });
      const references = found.map((session) => session.reference);
      expect(references.sort()).toEqual([reference, late.opened.reference].sort());
      const { eventId } = late.request;
      expect(found).toContainEqual(
        expect.objectContaining({ bookingId: late.request.bookingId, eventId, status: 'OPEN', capturedMinor: 0 }),
      );
      expect(found.find((session) => session.reference === reference)?.refunds).toMatchObject([{ amountMinor: 500 }]);
      await world.close();
    });
  });
}
