import type { Db } from '#db/client.ts';
import { announceOlderSales as announce } from '#domain/booking/sales/announce-older-sales.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { db: Db };

const IDLE_MS = 300_000;

/** Sends the sales of the box office from before messages had them, once, so that payments enters them in the journal. */
export const announceOlderSales = worker<Needs, TimedWorker<Needs>>({
  name: 'announce-older-sales',
  everyMs: IDLE_MS,
  yields: true,
  run: async (needs) => ((await announce(needs)) ? { nextInMs: 100 } : undefined),
});
