import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serverFlags } from '../node-flags.ts';
import { say, sayLinesOf } from './pretty-log.ts';
import { endProcess, guardProcess } from './servers/server-process.ts';

export interface SupervisedProcess {
  name: string;
  /** The file that Node runs, and its arguments. */
  command: string[];
  env: NodeJS.ProcessEnv;
}

export interface Supervisor {
  /** Resolves when each process has reported once that it is ready. */
  ready: Promise<void>;
  /** Returns the ids of the running processes. */
  pids(): number[];
  /** Asks all processes to end, kills the rest at the deadline (default 10 s), and resolves when all are gone. */
  stop(deadlineMs?: number): Promise<void>;
}

const firstBackOffMs = 500;
const longestBackOffMs = 15_000;
/** A process that ran this long before it ended is not in a crash loop. */
const healthyAfterMs = 30_000;

/**
 * Runs the processes, and restarts each that ends by itself, each time after a longer pause. A process reports
 * `{ ready: true }` over IPC.
 */
export function supervise(processes: SupervisedProcess[]): Supervisor {
  const stopping = new AbortController();
  const running = new Map<string, number>();
  const allReady: Promise<void>[] = [];
  const loops = processes.map((supervised) => {
    const { promise, resolve: becomeReady } = Promise.withResolvers<void>();
    allReady.push(promise);
    return keepRunning({ supervised, running, becomeReady, signal: stopping.signal });
  });
  return {
    ready: Promise.all(allReady).then(() => undefined),
    pids: () => [...running.values()],
    async stop(deadlineMs) {
      stopping.abort();
      await Promise.all([...running.values()].map((pid) => endProcess(pid, 'SIGTERM', deadlineMs)));
      await Promise.all(loops);
    },
  };
}

async function keepRunning(request: {
  supervised: SupervisedProcess;
  running: Map<string, number>;
  becomeReady: () => void;
  signal: AbortSignal;
}): Promise<void> {
  const { supervised, running, becomeReady, signal } = request;
  let backOffMs = firstBackOffMs;
  while (!signal.aborted) {
    const startedAt = Date.now();
    const child = start(supervised, becomeReady);
    if (child.pid !== undefined) running.set(supervised.name, child.pid);
    const outcome = await endOf(child);
    running.delete(supervised.name);
    if (signal.aborted) return;
    if (Date.now() - startedAt > healthyAfterMs) backOffMs = firstBackOffMs;
    say('frontrow', `${supervised.name} ended (${outcome}); starting it again in ${backOffMs / 1000} s.`);
    await delay(backOffMs, undefined, { signal }).catch(() => undefined);
    backOffMs = Math.min(backOffMs * 2, longestBackOffMs);
  }
}

function start(supervised: SupervisedProcess, becomeReady: () => void): ChildProcess {
  const child = spawnNode(supervised, 'ipc');
  child.on('message', (message) => {
    if ((message as { ready?: boolean } | null)?.ready === true) becomeReady();
  });
  return child;
}

/** Runs a process to its end and prints its output with its name. Throws when it fails. */
export async function runOnce(process: SupervisedProcess, signal: AbortSignal): Promise<void> {
  const child = spawnNode(process, 'ignore');
  const abort = () => child.kill('SIGTERM');
  signal.addEventListener('abort', abort);
  const outcome = await endOf(child);
  signal.removeEventListener('abort', abort);
  signal.throwIfAborted();
  if (outcome !== 'code 0') throw new Error(`${process.name} failed (${outcome}); its reason is above.`);
}

/**
 * In a process group of its own, so that Ctrl-C in a terminal reaches only this process, which stops the others in
 * order.
 */
function spawnNode({ name, command, env }: SupervisedProcess, channel: 'ipc' | 'ignore'): ChildProcess {
  const [file = '', ...args] = command;
  const child = spawn(process.execPath, [...serverFlags, resolve(file), ...args], {
    detached: true,
    env,
    stdio: ['ignore', 'pipe', 'pipe', channel],
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) sayLinesOf(name, stream);
  if (child.pid !== undefined) {
    const release = guardProcess(child.pid, { signal: 'SIGTERM' });
    child.once('exit', release);
  }
  return child;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('exit', (code, signal) => done(signal ?? `code ${code}`));
  });
}
