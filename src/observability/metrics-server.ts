import type { ServerResponse } from 'node:http';
import { openHttpListener } from '#listener/http-listener.ts';
import { countProcess, registry } from './metrics.ts';
import type { Sampler } from './samplers.ts';

export type MetricsServer = {
  /** Undefined when nothing listens. */
  readonly port: number | undefined;
  close(): Promise<void>;
};

/** A readiness as an HTTP status, and the details that `?verbose` adds. */
export type Readiness = { readonly isReady: boolean; readonly details: object };

type Options = {
  /** Without a port nothing listens. Off: there is no `/metrics`, and nothing is sampled. */
  config: { isOn: boolean; host: string; port: number | undefined };
  samplers?: readonly Sampler[];
  /** Default: a process that listens is ready. */
  readiness?: () => Promise<Readiness>;
};

/**
 * `/metrics`, `/health` and `/ready` of a process, on a separate port: they contain more than the public may see, and
 * must answer while the public port is full. On loopback unless the configuration says otherwise.
 */
export async function serveMetrics({ config, samplers = [], readiness }: Options): Promise<MetricsServer> {
  const { isOn, port } = config;
  if (port === undefined) return { port, close: async () => undefined };
  if (isOn) countProcess();
  const listener = openHttpListener({
    requestMs: 5_000,
    headersMs: 5_000,
    answer: ({ url, response }) =>
      answer(url, response, { isOn, samplers, readiness }).catch(() => {
        if (response.headersSent) response.destroy();
        else send(response, 500, 'text/plain; charset=utf-8', 'The metrics could not be read.\n');
      }),
  });
  return {
    port: await listener.listen({ host: config.host, port }),
    close: () => listener.close({ graceMs: 0 }),
  };
}

async function answer(
  url: URL,
  response: ServerResponse,
  {
    isOn,
    samplers,
    readiness,
  }: Required<Pick<Options, 'samplers'>> & { isOn: boolean; readiness: Options['readiness'] | undefined },
): Promise<void> {
  if (isOn && url.pathname === '/metrics') {
    await Promise.all(samplers.map((one) => one.refresh()));
    return send(response, 200, registry.contentType, await registry.metrics());
  }
  if (url.pathname === '/health') return sendJson(response, 200, { status: 'ok' });
  if (url.pathname !== '/ready') return sendJson(response, 404, { error: 'NOT_FOUND' });
  const { isReady, details } = (await readiness?.()) ?? { isReady: true, details: {} };
  const summary = { status: isReady ? 'ready' : 'not ready' };
  sendJson(response, isReady ? 200 : 503, url.searchParams.has('verbose') ? { ...summary, ...details } : summary);
}

const sendJson = (response: ServerResponse, status: number, body: object): void =>
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body));

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
