import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endProcess } from '#processes/dev/servers/server-process.ts';
import { serverFlags } from '#processes/node-flags.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';

export type RunningWorker = { readonly pid: number; close(): Promise<void> };

/** The worker process of the product with only these workers. */
export async function openOurWorker(
  stores: { readonly databaseUrl: string; readonly redisUrl: string },
  names: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<RunningWorker> {
  const child = fork(fileURLToPath(new URL('../../src/processes/worker.ts', import.meta.url)), [...names], {
    execArgv: [...serverFlags],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      DATABASE_URL: stores.databaseUrl,
      REDIS_URL: stores.redisUrl,
      TICKET_PRIVATE_KEY: newPrivateKey(),
      ...extra,
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const early = exited.then(() => Promise.reject(new Error('The worker process ended before it was ready.')));
  await Promise.race([once(child, 'message'), early]);
  early.catch(() => undefined);
  const { pid = 0 } = child;
  return {
    pid,
    close: async () => {
      await endProcess(pid, 'SIGTERM');
      await exited;
    },
  };
}
