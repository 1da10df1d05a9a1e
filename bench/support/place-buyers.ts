import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { TryAgain } from '#domain/errors.ts';
import type { InventoryAnswer } from '#domain/inventory/inventory-work.ts';
import { type InventoryWriter, openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openPriceLists } from '#domain/pricing/price-lists.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { HOLD_SECONDS } from './hold-side.ts';

/** Buyers of places without numbers, who all ask at once, and the writer that answers them, in one process. */

export type BuyersQuestion =
  | { kind: 'open'; databaseUrl: string }
  | { kind: 'buy'; eventId: string; planId: string; lots: readonly number[] }
  | { kind: 'close' };

/** The answer of one buyer. `version`: that of the event at which the buyer was refused, or which the hold made. */
export type BuyerAnswer = {
  readonly lot: number;
  readonly seatNos: readonly number[] | undefined;
  readonly version: number;
  /** How often the buyer was asked to try again. */
  readonly repeats: number;
  readonly ms: number;
};

const MOST_REPEATS = 100;

let writer: InventoryWriter | undefined;

answerParent<BuyersQuestion>(async (question) => {
  if (question.kind === 'open') writer = openWriter(question.databaseUrl);
  else if (!writer) throw new Error('No writer is open.');
  else if (question.kind === 'close') await writer.close();
  else return await buyAll(writer, question);
  return {};
});

function openWriter(databaseUrl: string): InventoryWriter {
  const db = openDb({ url: databaseUrl, poolMax: 5, name: 'bench-writer' });
  return openInventoryWriter({
    db,
    plans: openSeatingPlanCache({ db }),
    priceLists: openPriceLists({ db }),
    policy: { holdTtlSeconds: HOLD_SECONDS, maxSeatsPerBooking: 8, maxSeatsPerEvent: 16 },
  });
}

type Purchase = Extract<BuyersQuestion, { kind: 'buy' }>;

const buyAll = (to: InventoryWriter, purchase: Purchase): Promise<BuyerAnswer[]> =>
  Promise.all(purchase.lots.map((lot) => buy(to, purchase, lot)));

/** As a client does: with the same key again after the time that the refusal names. */
async function buy(to: InventoryWriter, { eventId, planId }: Purchase, lot: number): Promise<BuyerAnswer> {
  const beganAt = performance.now();
  const command = {
    kind: 'hold',
    bookingId: randomUUIDv7(),
    userId: randomUUIDv7(),
    planId,
    seatNos: [],
    areas: [{ section: 0, quantity: lot, ticketType: undefined }],
    idempotencyKey: 'one lot',
    requestHash: `${lot}`,
  } as const;
  for (let repeats = 0; repeats <= MOST_REPEATS; repeats++) {
    const answer = await to.submit(eventId, command).catch((error: unknown) => error);
    if (answer instanceof TryAgain) {
      const seconds = 'afterSeconds' in answer.retry ? (answer.retry.afterSeconds ?? 1) : 1;
      await sleep(1000 * seconds * (0.5 + Math.random()));
      continue;
    }
    if (answer instanceof Error) throw answer;
    return { lot, ...resultOf(answer as InventoryAnswer), repeats, ms: performance.now() - beganAt };
  }
  throw new Error(`A buyer was asked to try again ${MOST_REPEATS} times.`);
}

function resultOf(answer: InventoryAnswer): Pick<BuyerAnswer, 'seatNos' | 'version'> {
  if (answer.kind === 'noBestSeats') return { seatNos: undefined, version: answer.version };
  if (answer.kind !== 'held') throw new Error(`A buyer was answered with ${answer.kind}.`);
  return { seatNos: answer.booking.seats.map(({ seatNo }) => seatNo), version: answer.booking.version };
}
