import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fetchValkey } from './fetch-servers.ts';
import { freePort, type Log, launch, type RunningServer, stopOrphan } from './server-process.ts';

export interface ValkeyRequest {
  dataDir: string;
  port?: number | undefined;
  log: Log;
  /** The number of databases for `SELECT`. */
  databases?: number;
  /** Whether the data survives a restart. */
  durable?: boolean;
  disposableDir?: string;
}

/**
 * Starts a Valkey or Redis on loopback. The url has no database number.
 *
 * @throws ServerUnavailable when no such server is available on this machine
 */
export async function startValkey(request: ValkeyRequest): Promise<RunningServer> {
  const command = await fetchValkey(request.log);
  const dataDir = resolve(request.dataDir);
  await mkdir(dataDir, { recursive: true });
  if (await stopOrphan(dataDir)) request.log('Stopped the Valkey that an earlier run left behind.');
  const port = request.port ?? (await freePort());
  const settings = {
    port,
    bind: '127.0.0.1',
    databases: request.databases ?? 16,
    dir: dataDir,
    save: '',
    appendonly: (request.durable ?? true) ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await launch({ name: 'Valkey', command, args, dataDir, disposableDir: request.disposableDir });
  let ended: string | undefined;
  void server.exited.then((outcome) => {
    ended = outcome;
  });
  // The server answers PING with LOADING while it still reads its append-only file.
  while (!(await answersPing(port))) {
    if (ended !== undefined) throw new Error(ended);
    await delay(20);
  }
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid, exited: server.exited, stop: server.stop };
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const finish = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
  });
}
