import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { readPaymentBacklog } from '#domain/payments/payment-backlog-queries.ts';
import type { EventLog } from '#events/log/log.ts';
import { type Dependencies, type DependencyCheck, Impaired, watchDependencies } from '#observability/dependencies.ts';
import { paymentSampler } from '#observability/payment-metrics.ts';
import type { Sampler } from '#observability/samplers.ts';
import { waitingSampler } from '#observability/worker-metrics.ts';
import type { WorkerHealth } from '#workers/worker-health.ts';
import type { ObservedGateway } from './gateway.ts';
import { explainingStore, settings, workerChecks } from './store-checks.ts';

type Watched = {
  db: Db;
  /** The database that has the event log; undefined when the log is not in a database. */
  bookingDb: Db | undefined;
  gateway: ObservedGateway;
  health: WorkerHealth;
  eventLog: EventLog;
  isStopping: () => boolean;
};

const bookingDatabase = (db: Db): DependencyCheck => ({
  name: 'booking-database',
  check: () => db.execute(sql`select 1`),
  explain: explainingStore(settings.booking),
  without:
    'Webhooks are stored; their effects on bookings wait in the outbox, and new bookings wait for a payment page.',
});

/** The stores that a payments process depends on, and what happens without each. */
export const paymentsDependencies = ({ db, bookingDb, gateway, health, eventLog, isStopping }: Watched): Dependencies =>
  watchDependencies([
    {
      name: 'payments-database',
      check: () => (isStopping() ? Promise.reject(new Error('stopping')) : db.execute(sql`select 1`)),
      explain: explainingStore(settings.payments),
      isNeeded: true,
      without: 'Webhooks are answered with 503 and come again; bookings stay PENDING_PAYMENT.',
    },
    ...(bookingDb ? [bookingDatabase(bookingDb)] : []),
    {
      name: 'gateway',
      check: () => {
        const failure = gateway.failure();
        if (failure !== undefined) throw new Impaired(failure);
        return true;
      },
      explain: explainingStore(settings.gateway),
      without: 'Payment pages and refunds wait and are tried again with the same key; holds are extended once.',
    },
    ...workerChecks({
      health,
      stores: { otherwise: settings.payments },
      eventLog,
      // The process still accepts webhooks.
      isLogNeeded: false,
    }),
  ]);

export const paymentsSamplers = (dependencies: Dependencies, metricsDb: Db, health: WorkerHealth): Sampler[] => [
  dependencies.sampler,
  waitingSampler(() => health.waiting()),
  paymentSampler(() => readPaymentBacklog({ db: metricsDb })),
];
