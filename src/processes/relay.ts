import { parseRelayConfig } from '#config/relay.ts';
import { closeDb } from '#db/client.ts';
import { armFailpoint } from '#db/failpoint.ts';
import { openEventLog } from '#events/log/open-log.ts';
import { countRelayed, countReplay, setStreaming } from '#observability/backlog-metrics.ts';
import { describeError, openLog } from '#observability/log.ts';
import { serveMetrics } from '#observability/metrics-server.ts';
import { startTracing } from '#observability/tracing.ts';
import { relayOutbox, relaySlot } from '#workers/relay-outbox.ts';
import { notePositions } from '#workers/replay-outbox.ts';
import { configured, warnOfRehearsal } from './configured.ts';
import { openMetricsDb } from './observed/metrics-db.ts';
import { appendTraced, relayDependencies, relaySamplers } from './observed/relay.ts';
import { nameProblems } from './observed/store-checks.ts';
import { watchForEnd } from './process-end.ts';
import { replayFrom } from './relay/replay-from.ts';
import { checkStores } from './start/check-stores.ts';
import { sessionCheck } from './start/database-checks.ts';
import { brokerCheck } from './start/store-checks.ts';

const config = configured(() => parseRelayConfig(process.env));
armFailpoint('relay', process.env);
const log = openLog({ ...config.log, name: 'relay' });
const end = watchForEnd(log);
warnOfRehearsal(log, process.env);
const tracing = await startTracing({ ...config.tracing, process: 'relay' });
const eventLog = await openEventLog(config.eventLog, 'frontrow-relay');
await checkStores([
  ...sessionCheck('DATABASE_URL', config.postgres.url, 'frontrow-relay'),
  ...sessionCheck('PAYMENTS_DATABASE_URL', config.payments.url, 'frontrow-relay'),
  ...brokerCheck(eventLog),
]);
if (process.argv.length > 2) process.exit(await replayFrom(process.argv.slice(2), { config, eventLog }));
const stopping = new AbortController();
/** For each slot that this process neither streams from nor stands by for: the reason. */
const lost = new Map<string, unknown>();

const relays = [config.postgres.url, config.payments.url].map((url) => {
  const slot = relaySlot(url);
  lost.set(slot, new Error('The relay has not reached this slot yet.'));
  const ready = Promise.withResolvers<void>();
  const running = relayOutbox({
    url,
    slot,
    log: {
      append: async (messages) => {
        await appendTraced(eventLog, messages);
        countRelayed(slot, messages.length);
      },
    },
    signal: stopping.signal,
    onState: (state, detail) => {
      if (state === 'streaming' || state === 'standby') ready.resolve();
      if (state === 'lost') lost.set(slot, detail);
      else lost.delete(slot);
      setStreaming(slot, state === 'streaming');
      if (state === 'replayed') countReplay(slot);
      const fields = { slot, state, ...(detail instanceof Error ? describeError(detail) : { detail }) };
      if (state === 'lost') log.warn(fields, 'relay');
      else if (state !== 'standby') log.info(fields, 'relay');
    },
  });
  const noting = notePositions({ url, slot, signal: stopping.signal });
  return { slot, ready: ready.promise, running: Promise.all([running, noting]) };
});

const watched = {
  bookingDb: openMetricsDb(config.postgres, 'frontrow-relay'),
  paymentsDb: openMetricsDb(config.payments, 'frontrow-relay'),
  eventLog,
  slots: relays.map(({ slot }) => slot),
  whyLost: (slot: string) => lost.get(slot),
};
const dependencies = relayDependencies(watched);
const metrics = await serveMetrics({
  config: config.metrics,
  samplers: relaySamplers(watched, dependencies),
  readiness: () => dependencies.read(),
});
await nameProblems(dependencies, log, { except: (name) => name.startsWith('slot ') });
await Promise.race([Promise.all(relays.map(({ ready }) => ready)), Promise.all(relays.map(({ running }) => running))]);
log.info({ metricsPort: metrics.port }, 'ready');
process.send?.({ ready: true, metricsPort: metrics.port });

await end.asked();
stopping.abort();
await Promise.all(relays.map(({ running }) => running));
await Promise.all([
  eventLog.close(),
  metrics.close(),
  tracing.close(),
  ...[watched.bookingDb, watched.paymentsDb].map(closeDb),
]);
process.disconnect?.();
