import { once } from 'node:events';
import { parseRelayConfig } from '#config.ts';
import { openEventLog } from '#events/log/open-log.ts';
import { describeError, openLog } from '#observability/log.ts';
import { serveMetrics } from '#observability/metrics-server.ts';
import { relayOutbox, relaySlot } from '#workers/relay-outbox.ts';
import { setDrainDeadline } from './drain-deadline.ts';

const config = parseRelayConfig(process.env);
const log = openLog({ ...config.log, name: 'relay' });
const eventLog = openEventLog(config.eventLog, 'frontrow-relay');
const stopping = new AbortController();

const relays = [config.postgres.url, config.payments.url].map((url) => {
  const slot = relaySlot(url);
  const ready = Promise.withResolvers<void>();
  const running = relayOutbox({
    url,
    slot,
    log: eventLog,
    signal: stopping.signal,
    onState: (state, detail) => {
      if (state === 'streaming' || state === 'standby') ready.resolve();
      const fields = { slot, state, ...(detail instanceof Error ? describeError(detail) : { detail }) };
      if (state === 'lost') log.warn(fields, 'relay');
      else if (state !== 'standby') log.info(fields, 'relay');
    },
  });
  return { ready: ready.promise, running };
});

await Promise.race([Promise.all(relays.map(({ ready }) => ready)), Promise.all(relays.map(({ running }) => running))]);
const metrics = await serveMetrics({ config: config.metrics });
log.info({ metricsPort: metrics.port }, 'ready');
process.send?.({ ready: true, metricsPort: metrics.port });

await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
setDrainDeadline(log);
stopping.abort();
await Promise.all(relays.map(({ running }) => running));
await Promise.all([eventLog.close(), metrics.close()]);
process.disconnect?.();
