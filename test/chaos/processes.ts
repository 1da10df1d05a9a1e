import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, guardProcess } from '#processes/dev/servers/server-process.ts';
import { moduleOf, type ProcessName } from './parts.ts';

const root = resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 60_000;
/** Like a supervisor. */
const AGAIN_MS = 200;

/** The product's processes by name. Each has a log file that continues from one start to the next. */
export type ChaosProcesses = {
  /**
   * Resolves when it reports that it is ready. A process that ends before, because a store is away, is started
   * again.
   */
  start(name: ProcessName): Promise<void>;
  /** Like `kill -9`; resolves when it is gone. Does nothing to a process that does not run. */
  kill(name: ProcessName): Promise<void>;
  signal(name: ProcessName, signal: 'SIGSTOP' | 'SIGCONT'): void;
  isRunning(name: ProcessName): boolean;
  /** Processes that were ready and ended by themselves. Their last lines are in their log files. */
  readonly died: readonly string[];
  running(): { name: ProcessName; pid: number }[];
  stop(): Promise<void>;
};

type Life = { readonly child: ChildProcess; readonly release: () => void; isExpectedToEnd: boolean };

export function openProcesses(options: {
  logFolder: string;
  envOf: (name: ProcessName) => NodeJS.ProcessEnv;
}): ChaosProcesses {
  const running = new Map<ProcessName, Life>();
  const died: string[] = [];
  let stopping = false;

  const begin = async (name: ProcessName): Promise<'ready' | 'ended' | 'killed'> => {
    const child = spawnProcess(name, join(options.logFolder, `${name}.log`), options.envOf(name));
    const { pid } = child;
    if (pid === undefined) throw new Error(`${name} does not start.`);
    const life: Life = { child, release: guardProcess(pid, { signal: 'SIGKILL' }), isExpectedToEnd: false };
    running.set(name, life);
    let isReady = false;
    const ended = new Promise<'ended' | 'killed'>((resolve) => {
      child.once('exit', (code, signal) => {
        life.release();
        if (running.get(name) === life) running.delete(name);
        if (isReady && !life.isExpectedToEnd) died.push(`${name} ended by itself (${signal ?? `code ${code}`}).`);
        resolve(life.isExpectedToEnd ? 'killed' : 'ended');
      });
    });
    const outcome = await Promise.race([saysReady(child), ended]);
    isReady = outcome === 'ready';
    return outcome;
  };
  const start = async (name: ProcessName): Promise<void> => {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!stopping && (await begin(name)) === 'ended') {
      if (Date.now() > deadline) throw new Error(`${name} does not get ready; its log tells why.`);
      await sleep(AGAIN_MS);
    }
  };
  const end = async (name: ProcessName, signal: NodeJS.Signals): Promise<void> => {
    const life = running.get(name);
    if (!life) return;
    life.isExpectedToEnd = true;
    running.delete(name);
    const gone = life.child.exitCode === null && life.child.signalCode === null ? once(life.child, 'exit') : undefined;
    life.child.kill('SIGCONT');
    await endProcess(life.child.pid ?? 0, signal);
    await gone;
  };
  return {
    start,
    kill: (name) => end(name, 'SIGKILL'),
    signal(name, signal) {
      running.get(name)?.child.kill(signal);
    },
    isRunning: (name) => running.has(name),
    died,
    running: () => [...running].map(([name, { child }]) => ({ name, pid: child.pid ?? 0 })),
    stop: async () => {
      stopping = true;
      await Promise.all([...running.keys()].map((name) => end(name, 'SIGTERM')));
    },
  };
}

/** In a process group of its own: Ctrl-C reaches only this process, which decides about the end. */
function spawnProcess(name: ProcessName, logFile: string, env: NodeJS.ProcessEnv): ChildProcess {
  const output = openSync(logFile, 'a');
  try {
    return spawn(process.execPath, [join(root, `src/processes/${moduleOf(name)}.ts`)], {
      env,
      cwd: root,
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
    });
  } finally {
    closeSync(output);
  }
}

function saysReady(child: ChildProcess): Promise<'ready'> {
  return new Promise((resolve) => {
    child.on('message', (message: { ready?: boolean }) => {
      if (message.ready) resolve('ready');
    });
  });
}
