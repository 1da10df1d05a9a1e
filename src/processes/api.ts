import { setTimeout as sleep } from 'node:timers/promises';
import { parseApiConfig } from '#config/api.ts';
import { readTrustedDocuments } from '#config/trusted-documents.ts';
import { closeDb } from '#db/client.ts';
import { armFailpoint } from '#db/failpoint.ts';
import { createBookingRefusals } from '#domain/booking/create-booking.ts';
import { operationClasses } from '#graphql/overload/operation-class.ts';
import { OverloadControl } from '#graphql/overload/overload-control.ts';
import { clientAddress } from '#http/client-address.ts';
import { openGraphqlHttp } from '#http/graphql-http.ts';
import { openOrigins, originsOf } from '#http/origins.ts';
import { openRateLimits } from '#http/rate-limits.ts';
import { createHttpServer } from '#http/server.ts';
import { openUploads } from '#http/uploads.ts';
import { openWebClient } from '#http/web-client.ts';
import { attachWebSocket } from '#http/websocket/attach-websocket.ts';
import { openLog } from '#observability/log.ts';
import { serveMetrics } from '#observability/metrics-server.ts';
import { openOperationMetrics } from '#observability/operation-metrics.ts';
import { openOverloadCounts } from '#observability/overload-metrics.ts';
import { startTracing } from '#observability/tracing.ts';
import { openApiResources } from '#resources.ts';
import { schema } from '#schema/index.ts';
import { configured, warnOfRehearsal } from './configured.ts';
import { apiDependencies, apiSamplers } from './observed/api.ts';
import { openMetricsDb } from './observed/metrics-db.ts';
import { nameProblems } from './observed/store-checks.ts';
import { watchForEnd } from './process-end.ts';
import { checkApiStores } from './start/api-stores.ts';
import { readPlugins } from './start/plug-ins.ts';

const { trusted, problems } = readTrustedDocuments(process.env);
const outside = await readPlugins(process.env);
const config = configured(() => parseApiConfig(process.env, [...problems, ...outside.problems]));
armFailpoint('api', process.env);
const log = openLog({ ...config.log, name: 'api' });
const end = watchForEnd(log);
warnOfRehearsal(log, process.env);
const tracing = await startTracing({ ...config.tracing, process: 'api' });
const isDevelopment = config.profile === 'development';

const postgres = await checkApiStores(config, log);
await using resources = await openApiResources({ ...config, postgres });
const { trustProxy } = config.http;
const isBehindProxy = trustProxy.kind === 'networks' || trustProxy.hops > 0;
const limits = openRateLimits({
  redis: resources.redis,
  enabled: config.http.rateLimits,
  looseLoopback: isDevelopment && !isBehindProxy,
});
const operationMetrics = config.metrics.isOn ? openOperationMetrics(createBookingRefusals) : undefined;
const overload =
  config.overload &&
  new OverloadControl({
    ...config.overload,
    trusted,
    counts: config.metrics.isOn ? openOverloadCounts(operationClasses) : undefined,
  });
const graphql = openGraphqlHttp({
  schema,
  resources,
  limits,
  log,
  metrics: operationMetrics,
  overload,
  onlyTrusted: config.http.onlyTrusted,
  trusted,
  hasPage: isDevelopment,
  plugins: outside.plugins,
});
let own: readonly string[] = [];
const origins = openOrigins({
  allowed: config.http.allowedOrigins,
  own: () => own,
  allowsLocalhost: isDevelopment,
  log,
});
const addressOf = clientAddress(trustProxy);
const dependencies = apiDependencies(resources);
await nameProblems(dependencies, log);
let isLeaving = false;
const readiness = async () => {
  const report = await dependencies.read();
  return isLeaving ? { ...report, isReady: false } : report;
};
const http = createHttpServer({
  ...resources,
  graphql,
  origins,
  log,
  isDevelopment,
  webClient: config.http.webClient === undefined ? undefined : openWebClient(config.http.webClient),
  addressOf,
  ticketKeys: resources.ticketSigner.publicKeys,
  readiness,
  readyToken: config.readyToken,
  uploads: openUploads({ ...resources, limits }),
});
const sockets = attachWebSocket(http.server, {
  graphql: graphql.graphql,
  addressOf,
  allowsOrigin: (origin) => origins.admits(origin),
});

const metricsDb = openMetricsDb(postgres, 'frontrow-api');
const samplers = apiSamplers({
  resources,
  dependencies,
  db: metricsDb,
  sockets: () => sockets.stats(),
  eventStreams: () => http.eventStreams(),
  overload,
});
const metrics = await serveMetrics({ config: config.metrics, samplers, readiness });
const port = await http.listen(config.http);
own = originsOf({ ...config.http, port });
log.info({ port, metricsPort: metrics.port, profile: config.profile }, 'ready');
process.send?.({ ready: true, port, metricsPort: metrics.port });

await end.asked();
// Requests are still served for a while: balancers learn from /ready that this process leaves, and clients learn it
// from `connection: close`. Sockets are closed one after another, so that their clients do not all reconnect at once.
isLeaving = true;
http.leave();
await Promise.all([sockets.close(2_000), sleep(config.http.leaveSeconds * 1000)]);
await http.close();
await Promise.all([metrics.close(), tracing.close(), closeDb(metricsDb)]);
process.disconnect?.();
