import { parseWorkerConfig } from '#config/worker.ts';
import { armFailpoint } from '#db/failpoint.ts';
import { openEventLog } from '#events/log/open-log.ts';
import { openLog } from '#observability/log.ts';
import { serveMetrics } from '#observability/metrics-server.ts';
import { startTracing } from '#observability/tracing.ts';
import { openWorkerResources } from '#resources.ts';
import { announceOlderSales } from '#workers/announce-older-sales.ts';
import { cancelEvents } from '#workers/cancel-events.ts';
import { checkInvariants } from '#workers/check-invariants.ts';
import { followCheckouts } from '#workers/follow-checkouts.ts';
import { followPayments } from '#workers/follow-payments.ts';
import { forgetOldRows } from '#workers/forget-old-rows.ts';
import { guardRedisEpoch } from '#workers/guard-redis-epoch.ts';
import { compareIndex, indexEvents, refreshWords, removeEnded } from '#workers/index-events.ts';
import { pushChanges } from '#workers/push-changes.ts';
import { releaseAllocations } from '#workers/release-allocations.ts';
import { releaseExpiredHolds } from '#workers/release-expired-holds.ts';
import { runWaitingRooms } from '#workers/run-waiting-rooms.ts';
import { runWorkers, type Worker } from '#workers/run-worker.ts';
import { sendHeartbeat } from '#workers/send-heartbeat.ts';
import { sendMails } from '#workers/send-mails.ts';
import { WorkerHealth } from '#workers/worker-health.ts';
import { configured, warnOfRehearsal } from './configured.ts';
import { nameProblems } from './observed/store-checks.ts';
import { workerDependencies, workerSamplers } from './observed/worker.ts';
import { watchForEnd } from './process-end.ts';
import { checkStores } from './start/check-stores.ts';
import { sessionCheck } from './start/database-checks.ts';
import { brokerCheck, redisCheck, searchCheck } from './start/store-checks.ts';

/** `node src/processes/worker.ts [name ...]`: runs the named workers, or all of them. */
const workers: readonly Worker<ReturnType<typeof openWorkerResources>>[] = [
  followPayments,
  followCheckouts,
  runWaitingRooms,
  pushChanges,
  releaseExpiredHolds,
  releaseAllocations,
  cancelEvents,
  announceOlderSales,
  guardRedisEpoch,
  sendHeartbeat,
  sendMails,
  indexEvents,
  removeEnded,
  refreshWords,
  compareIndex,
  forgetOldRows,
  checkInvariants,
];

const config = configured(() => parseWorkerConfig(process.env));
armFailpoint('worker', process.env);
const log = openLog({ ...config.log, name: 'worker' });
const end = watchForEnd(log);
warnOfRehearsal(log, process.env);
const tracing = await startTracing({ ...config.tracing, process: 'worker' });
const eventLog = await openEventLog(config.eventLog, 'frontrow-worker');
await checkStores([
  ...sessionCheck('DATABASE_URL', config.postgres.url, 'frontrow-worker'),
  redisCheck(config.redis),
  ...searchCheck(config.search),
  ...brokerCheck(eventLog),
]);
await using resources = openWorkerResources(config);
const stopping = new AbortController();

const health = new WorkerHealth();
const watched = { resources, health, eventLog };
const dependencies = workerDependencies(watched);
await nameProblems(dependencies, log);
const working = runWorkers(choose(process.argv.slice(2)), resources, {
  eventLog,
  log,
  health,
  signal: stopping.signal,
});
const metrics = await serveMetrics({
  config: config.metrics,
  samplers: workerSamplers(watched, dependencies),
  readiness: () => dependencies.read(),
});
log.info({ workers: choose(process.argv.slice(2)).map(({ name }) => name), metricsPort: metrics.port }, 'ready');
process.send?.({ ready: true, metricsPort: metrics.port });

await end.asked(working);
stopping.abort();
await working;
await Promise.all([eventLog.close(), metrics.close(), tracing.close()]);
process.disconnect?.();

function choose(names: readonly string[]): typeof workers {
  const unknown = names.filter((name) => !workers.some((one) => one.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `There is no worker ${unknown.join(', ')}. There are: ${workers.map((one) => one.name).join(', ')}.`,
    );
  }
  return names.length === 0 ? workers : workers.filter((one) => names.includes(one.name));
}
