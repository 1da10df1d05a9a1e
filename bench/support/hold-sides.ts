import { randomUUIDv7 } from 'node:crypto';
import { openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { Holding } from '#domain/inventory/inventory-command.ts';
import { openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openPriceLists } from '#domain/pricing/price-lists.ts';
import { HOLD_SECONDS, type HoldRequest, type HoldSide } from './hold-side.ts';
import { openStockHolds } from './stock-holds.ts';

export const holdSideNames = ['ours', 'redisLock', 'rowLock', 'nothing'] as const;
export type HoldSideName = (typeof holdSideNames)[number];

export function openHoldSide(name: HoldSideName, urls: { databaseUrl: string; redisUrl: string }): HoldSide {
  if (name === 'ours') return openOurHolds(urls.databaseUrl);
  if (name === 'nothing') return nothing;
  return openStockHolds({ ...urls, withRedisLock: name === 'redisLock' });
}

/** The inventory writer as in an api process, without the layers in front of it. */
function openOurHolds(databaseUrl: string): HoldSide {
  const db = openDb({ url: databaseUrl, poolMax: 5, name: 'bench-writer' });
  const writer = openInventoryWriter({
    db,
    plans: openSeatingPlanCache({ db }),
    priceLists: openPriceLists({ db }),
    policy: { holdTtlSeconds: HOLD_SECONDS, maxSeatsPerBooking: 8, maxSeatsPerEvent: 16 },
  });
  return {
    async hold(request) {
      const answer = await writer.submit(request.eventId, commandOf(request));
      if (answer.kind === 'held') return { bookingId: answer.booking.id };
      if (answer.kind === 'seatsUnavailable' || answer.kind === 'noBestSeats') return undefined;
      throw new Error(`A hold was answered with ${answer.kind}.`);
    },
    async release({ eventId, userId }, { bookingId }) {
      const answer = await writer.submit(eventId, { kind: 'release', reason: 'CANCELLED', bookingId, userId });
      if (answer.kind !== 'released') throw new Error(`A release was answered with ${answer.kind}.`);
    },
  };
}

function commandOf({ planId, userId, key, seatNos, chosenBy }: HoldRequest): Holding {
  const of = { bookingId: randomUUIDv7(), userId, planId, idempotencyKey: key, requestHash: seatNos.join(',') };
  if (chosenBy === 'best') return { ...of, kind: 'holdBest', party: { size: 2, wheelchairPlaces: 0 } };
  if (chosenBy === 'places')
    return { ...of, kind: 'hold', seatNos: [], areas: [{ section: 0, quantity: 2, ticketType: undefined }] };
  return { ...of, kind: 'hold', seatNos };
}

/** Does nothing, as fast as a turn of the event loop allows: the cost of the callers of the bench by themselves. */
const nothing: HoldSide = {
  hold: () => new Promise((resolve) => setImmediate(resolve, { bookingId: '' })),
  release: () => Promise.resolve(),
};
