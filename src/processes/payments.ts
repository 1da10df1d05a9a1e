import { parsePaymentsConfig } from '#config/payments.ts';
import { closeDb, openDb } from '#db/client.ts';
import { openDatabaseClock } from '#db/clock.ts';
import { armFailpoint } from '#db/failpoint.ts';
import { defaultPaymentsPolicy } from '#domain/payments/payment-rules.ts';
import { openEventLog } from '#events/log/open-log.ts';
import { openGateway } from '#gateways/registry.ts';
import { openGatewayWebhook } from '#http/gateway-webhook.ts';
import { openLog } from '#observability/log.ts';
import { serveMetrics } from '#observability/metrics-server.ts';
import { startTracing } from '#observability/tracing.ts';
import { followBookings } from '#workers/payments/follow-bookings.ts';
import { forgetOldPaymentRows } from '#workers/payments/forget-old-payment-rows.ts';
import { reconcileDays } from '#workers/payments/reconcile-days.ts';
import { settleDuePayments } from '#workers/payments/settle-due-payments.ts';
import { keepClock, sweepNotices } from '#workers/payments/sweep-notices.ts';
import { runWorkers } from '#workers/run-worker.ts';
import { WorkerHealth } from '#workers/worker-health.ts';
import { configured, warnOfRehearsal } from './configured.ts';
import { observeGateway } from './observed/gateway.ts';
import { openMetricsDb } from './observed/metrics-db.ts';
import { paymentsDependencies, paymentsSamplers } from './observed/payments.ts';
import { nameProblems } from './observed/store-checks.ts';
import { watchForEnd } from './process-end.ts';
import { checkStores } from './start/check-stores.ts';
import { sessionCheck } from './start/database-checks.ts';
import { brokerCheck } from './start/store-checks.ts';

/** Calls of the gateway at once. A real one takes some tenths of a second for a session. */
const PROMISED_AT_ONCE = 32;

const config = configured(() => parsePaymentsConfig(process.env));
armFailpoint('payments', process.env);
const log = openLog({ ...config.log, name: 'payments' });
const end = watchForEnd(log);
warnOfRehearsal(log, process.env);
const tracing = await startTracing({ ...config.tracing, process: 'payments' });
const db = openDb({ ...config.postgres, name: 'frontrow-payments' });
const eventLog = await openEventLog(config.eventLog, 'frontrow-payments');
await checkStores([
  ...sessionCheck('PAYMENTS_DATABASE_URL', config.postgres.url, 'frontrow-payments'),
  ...sessionCheck('DATABASE_URL', config.bookingDatabase?.url, 'frontrow-payments'),
  ...brokerCheck(eventLog),
]);
const clock = openDatabaseClock(db);
const gateway = observeGateway(openGateway(config.gateway));
const policy = { ...defaultPaymentsPolicy, returnUrl: config.returnUrl };

const stopping = new AbortController();
const { signal } = stopping;
const bookingDb = config.bookingDatabase && openMetricsDb(config.bookingDatabase, 'frontrow-payments');
const metricsDb = openMetricsDb(config.postgres, 'frontrow-payments');
const health = new WorkerHealth();
const isStopping = () => signal.aborted;
const dependencies = paymentsDependencies({ db, bookingDb, gateway, health, eventLog, isStopping });
await nameProblems(dependencies, log);
const readiness = () => dependencies.read();
const promised = settleDuePayments({ db, gateway, policy }, { kind: 'PROMISED', concurrency: PROMISED_AT_ONCE, log });
const openTooLong = settleDuePayments({ db, gateway, policy }, { kind: 'OPEN_TOO_LONG', concurrency: 4, log });
const wake = () => promised.wake();
const doubted = () => openTooLong.wake();
const { readyToken, booksToken } = config;
const webhook = openGatewayWebhook({ db, gateway, log, readiness, readyToken, booksToken, now: clock.now, doubted });
const port = await webhook.listen(config.http);
const working = Promise.all([
  promised.run(signal),
  openTooLong.run(signal),
  runWorkers(
    [followBookings, sweepNotices, keepClock, forgetOldPaymentRows, reconcileDays],
    { db, gateway, wake, clock, settler: promised },
    { eventLog, log, signal, health },
  ),
]);
const metrics = await serveMetrics({
  config: config.metrics,
  samplers: paymentsSamplers(dependencies, metricsDb, health),
  readiness,
});
log.info({ port, metricsPort: metrics.port, gateway: gateway.name }, 'ready');
process.send?.({ ready: true, port, metricsPort: metrics.port });

await end.asked(working);
stopping.abort();
// The notices that are being stored are answered before the database connection is closed.
await Promise.all([working, webhook.close()]);
const pools = [db, metricsDb, ...(bookingDb ? [bookingDb] : [])];
await Promise.all([eventLog.close(), metrics.close(), tracing.close(), ...pools.map(closeDb)]);
process.disconnect?.();
