import { sql } from 'drizzle-orm';
import { readHoarding } from '#domain/hoarding/hoarding-queries.ts';
import { readSeatLockMode } from '#domain/inventory/seat-lock-mode.ts';
import { readWaitingMails } from '#domain/mail/mail-queries.ts';
import type { EventLog } from '#events/log/log.ts';
import { mailSampler } from '#observability/backlog-metrics.ts';
import { type Dependencies, watchDependencies } from '#observability/dependencies.ts';
import { hoardingSampler } from '#observability/hoarding-metrics.ts';
import { writerSampler } from '#observability/inventory-metrics.ts';
import type { Sampler } from '#observability/samplers.ts';
import { waitingSampler } from '#observability/worker-metrics.ts';
import { pingRedis } from '#redis/client.ts';
import type { openWorkerResources } from '#resources.ts';
import type { WorkerHealth } from '#workers/worker-health.ts';
import { explainingStore, settings, workerChecks, writesCheck } from './store-checks.ts';

type Watched = {
  resources: ReturnType<typeof openWorkerResources>;
  health: WorkerHealth;
  eventLog: EventLog;
};

const stores = {
  postgresql: settings.booking,
  redis: settings.redis,
  search: settings.search,
  kafka: settings.kafka,
  otherwise: settings.booking,
};

/** The stores that a worker process depends on, and what happens without each. */
export const workerDependencies = ({ resources, health, eventLog }: Watched): Dependencies =>
  watchDependencies([
    {
      name: 'booking-database',
      check: () => resources.db.execute(sql`select 1`),
      explain: explainingStore(settings.booking),
      isNeeded: true,
      without: 'Nothing is confirmed, expired or pushed until it is back; messages wait.',
    },
    writesCheck(resources.writer),
    {
      name: 'redis',
      check: () => pingRedis(resources.redis),
      explain: explainingStore(settings.redis),
      without:
        'Live seat maps are updated by comparison with PostgreSQL; api processes report that they get no seat changes.',
    },
    {
      name: 'seat-locks',
      check: async () => (await readSeatLockMode(resources)) === 'believed',
      without: 'Seat locks are being rebuilt from PostgreSQL.',
    },
    ...(resources.eventIndexer
      ? [
          {
            name: 'search',
            check: () => resources.eventIndexer?.probe(),
            explain: explainingStore(settings.search),
            without: 'Searches use the last state of the index; changes of the catalogue wait until it is back.',
          },
        ]
      : []),
    ...workerChecks({
      health,
      stores,
      eventLog,
      isLogNeeded: true,
    }),
  ]);

export const workerSamplers = ({ resources, health }: Watched, dependencies: Dependencies): Sampler[] => [
  dependencies.sampler,
  writerSampler(resources.writer),
  waitingSampler(() => health.waiting()),
  hoardingSampler(() => readHoarding(resources)),
  mailSampler(() => readWaitingMails(resources)),
];
