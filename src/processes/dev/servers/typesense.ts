import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchTypesense } from './fetch-servers.ts';
import { freePort, isPortFree, type Log, launch, type RunningServer, stopOrphan } from './server-process.ts';

export interface TypesenseRequest {
  dataDir: string;
  apiKey: string;
  port?: number | undefined;
  log: Log;
  /** False in tests, where the stop may lose data. */
  durable?: boolean;
  disposableDir?: string;
}

/**
 * Starts a Typesense on loopback and waits until its data is loaded.
 *
 * @throws ServerUnavailable when Typesense is not available on this machine
 */
export async function startTypesense(request: TypesenseRequest): Promise<RunningServer> {
  const command = await fetchTypesense(request.log);
  const dataDir = resolve(request.dataDir);
  await mkdir(dataDir, { recursive: true });
  if (await stopOrphan(dataDir)) request.log('Stopped the Typesense that an earlier run left behind.');
  const { port, peeringPort } = await choosePorts(dataDir, request.port);
  const args = [
    `--data-dir=${dataDir}`,
    `--api-key=${request.apiKey}`,
    '--api-address=127.0.0.1',
    `--api-port=${port}`,
    '--peering-address=127.0.0.1',
    `--peering-port=${peeringPort}`,
    '--enable-cors=false',
    '--healthy-read-lag=5',
    '--disk-used-max-percentage=90',
  ];
  const server = await launch({
    name: 'Typesense',
    command,
    args,
    dataDir,
    // Its orderly stop takes two seconds.
    stopSignal: (request.durable ?? true) ? 'SIGTERM' : 'SIGKILL',
    disposableDir: request.disposableDir,
  });
  let ended: string | undefined;
  void server.exited.then((outcome) => {
    ended = outcome;
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url, request.apiKey))) {
    if (ended !== undefined) throw new Error(ended);
    await delay(50);
  }
  return { url, port, pid: server.pid, exited: server.exited, stop: server.stop };
}

/**
 * Returns the ports of the last run if they are free. A node with a changed address takes itself for another member of
 * the cluster, and needs 12 s instead of 3 s to find that it is alone.
 */
async function choosePorts(dataDir: string, wanted?: number): Promise<{ port: number; peeringPort: number }> {
  const file = join(dataDir, 'frontrow-ports');
  const [lastPort = 0, lastPeeringPort = 0] = (await readFile(file, 'utf8').catch(() => '')).split(' ').map(Number);
  const port = wanted ?? (await lastOrFree(lastPort));
  const peeringPort = await lastOrFree(lastPeeringPort);
  await writeFile(file, `${port} ${peeringPort}`);
  return { port, peeringPort };
}

async function lastOrFree(last: number): Promise<number> {
  return last > 0 && (await isPortFree(last)) ? last : freePort();
}

const leader = 1;

/**
 * `/health` answers 200 before there is a leader, and before the data is loaded. So this also reads `/debug` and the
 * number of pending writes.
 */
async function isReady(url: string, apiKey: string): Promise<boolean> {
  const headers = { 'x-typesense-api-key': apiKey };
  const ask = (path: string) => fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(2000) });
  try {
    if ((await ask('/health')).status !== 200) return false;
    const { state } = (await (await ask('/debug')).json()) as { state?: number };
    const { pending_write_batches: pending } = (await (await ask('/stats.json')).json()) as Record<string, unknown>;
    return state === leader && pending === 0;
  } catch {
    return false;
  }
}
