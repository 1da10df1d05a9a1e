import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endProcess } from '#processes/dev/servers/server-process.ts';
import { serverFlags } from '#processes/node-flags.ts';
import { heapBytesOf, reportMemory } from '#test/support/system/child.ts';
import { newAdmissionKeys, newPrivateKey } from '#test/support/system/keys.ts';
import type { Stores } from './stores.ts';

export type RunningApi = {
  readonly port: number;
  readonly pid: number;
  readonly metricsPort: number | undefined;
  /** Bytes on and outside the heap, after a collection. */
  heapBytes(): Promise<number>;
  close(): Promise<void>;
};

const STARTS_WITHIN_MS = 90_000;

/**
 * The api process of the product, in its production profile but without the limits, which one load generator would
 * reach.
 */
export async function openOurApi(
  stores: Stores,
  tokenPrivateKey: string,
  profile: string | undefined,
  extra: Readonly<Record<string, string>> = {},
): Promise<RunningApi> {
  const child = fork(fileURLToPath(new URL('../../src/processes/api.ts', import.meta.url)), {
    execArgv: [...serverFlags, ...reportMemory, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl,
      PORT: '0',
      RATE_LIMITS: 'off',
      MAX_SEATS_PER_EVENT: '100000',
      TOKEN_PRIVATE_KEY: tokenPrivateKey,
      TICKET_PRIVATE_KEY: newPrivateKey(),
      ADMISSION_KEYS: newAdmissionKeys(),
      ...extra,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The api process does not start.');
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ports = await new Promise<{ port: number; metricsPort: number | undefined }>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('The api process is not ready in time.')), STARTS_WITHIN_MS);
    child.once('exit', () => reject(new Error('The api process ended before it was ready.')));
    child.on('message', (message: { ready?: boolean; port?: number; metricsPort?: number }) => {
      if (!message.ready || message.port === undefined) return;
      clearTimeout(late);
      resolve({ port: message.port, metricsPort: message.metricsPort });
    });
  });
  return {
    ...ports,
    pid,
    heapBytes: () => heapBytesOf(child),
    close: async () => {
      await endProcess(pid, 'SIGTERM');
      await exited;
    },
  };
}
