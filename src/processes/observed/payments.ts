import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { readPaymentBacklog } from '#domain/payments/payment-backlog-queries.ts';
import { type Dependencies, type DependencyCheck, watchDependencies } from '#observability/dependencies.ts';
import { paymentSampler } from '#observability/payment-metrics.ts';
import type { Sampler } from '#observability/samplers.ts';
import type { ObservedGateway } from './gateway.ts';

type Watched = {
  db: Db;
  /** Where the event log is; undefined when it is elsewhere. */
  bookingDb: Db | undefined;
  gateway: ObservedGateway;
  isStopping: () => boolean;
};

const bookingDatabase = (db: Db): DependencyCheck => ({
  name: 'booking-database',
  check: () => db.execute(sql`select 1`),
  without: 'Webhooks are stored; what they mean for bookings waits in the outbox, and new bookings for a payment page.',
});

/** What a payments process depends on, and what it does without. */
export const paymentsDependencies = ({ db, bookingDb, gateway, isStopping }: Watched): Dependencies =>
  watchDependencies([
    {
      name: 'payments-database',
      check: () => (isStopping() ? Promise.reject(new Error('stopping')) : db.execute(sql`select 1`)),
      isNeeded: true,
      without: 'Webhooks are answered with 503 and come again; bookings stay PENDING_PAYMENT.',
    },
    ...(bookingDb ? [bookingDatabase(bookingDb)] : []),
    {
      name: 'gateway',
      check: () => gateway.answers(),
      without: 'Payment pages and refunds wait and are tried again with the same key; holds are extended once.',
    },
  ]);

export const paymentsSamplers = (dependencies: Dependencies, metricsDb: Db): Sampler[] => [
  dependencies.sampler,
  paymentSampler(() => readPaymentBacklog({ db: metricsDb })),
];
