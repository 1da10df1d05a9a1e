import { type ChildProcess, fork } from 'node:child_process';
import { endProcess } from '#processes/dev/servers/server-process.ts';
import { withDeadline } from '#shared/deadline.ts';
import type { ClientConfig, FromClients } from './protocol.ts';
import { noCounts, type TallyState } from './tally.ts';

/** A process of clients, seen from outside. */
export type ClientProcess = {
  readonly pid: number;
  /** Its state of at most half a second ago. */
  state(): TallyState;
  /** Asks it to finish. Resolves with its last state; rejects when it failed, died or took longer. */
  finish(withinMs: number): Promise<TallyState>;
  kill(): Promise<void>;
};

export function startClients<Config extends ClientConfig>(module: URL, config: Config): ClientProcess {
  const child: ChildProcess = fork(module, {
    execArgv: [],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${config.name} does not start.`);
  let latest = noCounts();
  const done = new Promise<TallyState>((resolve, reject) => {
    child.on('message', (message: FromClients) => {
      if (message.kind === 'failed') reject(new Error(`${config.name} failed: ${message.error}`));
      else latest = message.state;
      if (message.kind === 'done') resolve(message.state);
    });
    child.once('exit', () => reject(new Error(`${config.name} ended before it was done.`)));
  });
  done.catch(() => undefined);
  child.send({ kind: 'begin', config });
  return {
    pid,
    state: () => latest,
    async finish(withinMs) {
      if (child.connected) child.send({ kind: 'finish' });
      return await withDeadline(done, withinMs, () => {
        throw new Error(`${config.name} does not come to an end.`);
      });
    },
    kill: () => endProcess(pid, 'SIGKILL'),
  };
}
