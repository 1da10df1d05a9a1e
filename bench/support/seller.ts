import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeDb, openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openPriceLists } from '#domain/pricing/price-lists.ts';
import { openRedis } from '#redis/client.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { type StockChange, stockSeatTopic } from './stock-topics.ts';

/** Really holds two seats of an event again and again, and notifies the watchers of both servers. */

export type SellQuestion =
  | { kind: 'open'; databaseUrl: string; redisUrl: string }
  | { kind: 'sell'; eventId: string; planId: string; firstSeat: number; holds: number; everyMs: number }
  /** When each version since the last such question was committed: [version, milliseconds since 1970]. */
  | { kind: 'commits' }
  | { kind: 'close' };

let seller: Seller | undefined;

answerParent<SellQuestion>(async (question) => {
  if (question.kind === 'open') seller = new Seller(question);
  else if (question.kind === 'sell') await seller?.sell(question);
  else if (question.kind === 'commits') return seller?.commits.splice(0);
  else await seller?.close();
  return {};
});

class Seller {
  readonly #db;
  readonly #redis;
  readonly #pubsub;
  readonly #writer;
  readonly commits: [version: number, atMs: number][] = [];

  constructor({ databaseUrl, redisUrl }: Extract<SellQuestion, { kind: 'open' }>) {
    const db = openDb({ url: databaseUrl, poolMax: 4, name: 'bench-seller' });
    const redis = openRedis({ url: redisUrl, name: 'bench-seller' });
    const pubsub = openPubSub({ url: redisUrl, name: 'bench-seller' });
    this.#db = db;
    this.#redis = redis;
    this.#pubsub = pubsub;
    this.#writer = openInventoryWriter({
      db,
      plans: openSeatingPlanCache({ db }),
      priceLists: openPriceLists({ db }),
      policy: { holdTtlSeconds: 300, maxSeatsPerBooking: 8, maxSeatsPerEvent: 16 },
      afterCommit: async ({ eventId, changes }) => {
        const atMs = performance.timeOrigin + performance.now();
        for (const { version } of changes) this.commits.push([version, atMs]);
        await applySeatChanges({ redis, db }, eventId, changes);
        for (const { version, status, seatNos } of changes) {
          const seats = seatNos.map((seatNo) => ({ seatNo, status }));
          const change: StockChange = { fromVersion: version - 1, toVersion: version, changes: seats };
          await pubsub.publish(stockSeatTopic(eventId), change);
        }
      },
    });
  }

  /** At an even pace, also when answers have not arrived yet. */
  async sell({ eventId, planId, firstSeat, holds, everyMs }: Extract<SellQuestion, { kind: 'sell' }>): Promise<void> {
    const beganAt = performance.now();
    const answers: Promise<unknown>[] = [];
    for (let index = 0; index < holds; index++) {
      await sleep(Math.max(0, beganAt + index * everyMs - performance.now()));
      const first = firstSeat + 2 * index;
      answers.push(
        this.#writer.submit(eventId, {
          kind: 'hold',
          bookingId: randomUUIDv7(),
          userId: randomUUIDv7(),
          planId,
          seatNos: [first, first + 1],
          idempotencyKey: 'first',
          requestHash: '',
        }),
      );
    }
    await Promise.all(answers);
  }

  async close(): Promise<void> {
    await this.#writer.close();
    await this.#pubsub.close();
    this.#redis.disconnect();
    await closeDb(this.#db);
  }
}
