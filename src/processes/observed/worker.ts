import { sql } from 'drizzle-orm';
import { readSeatLockMode } from '#domain/inventory/seat-lock-mode.ts';
import { type Dependencies, watchDependencies } from '#observability/dependencies.ts';
import { writerSampler } from '#observability/inventory-metrics.ts';
import type { Sampler } from '#observability/samplers.ts';
import type { openWorkerResources } from '#resources.ts';

type Resources = ReturnType<typeof openWorkerResources>;

/** What a worker process depends on, and what it does without. */
export const workerDependencies = (resources: Resources): Dependencies =>
  watchDependencies([
    {
      name: 'booking-database',
      check: () => resources.db.execute(sql`select 1`),
      isNeeded: true,
      without: 'Nothing is confirmed, expired or pushed until it is back; messages wait.',
    },
    {
      name: 'redis',
      check: () => resources.redis.ping(),
      without: 'Live seat maps move by comparison with PostgreSQL; api processes count themselves as deaf.',
    },
    {
      name: 'seat-locks',
      check: async () => (await readSeatLockMode(resources)) === 'believed',
      without: 'Seat locks are being rebuilt from PostgreSQL.',
    },
  ]);

export const workerSamplers = (resources: Resources, dependencies: Dependencies): Sampler[] => [
  dependencies.sampler,
  writerSampler(resources.writer),
];
