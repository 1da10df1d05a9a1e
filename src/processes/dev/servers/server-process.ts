import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Gets one line for the developer. */
export type Log = (line: string) => void;

/** A server on loopback that belongs to this process: it ends with `stop()`, or when this process ends. */
export interface RunningServer {
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, with its last output. */
  exited: Promise<string>;
  /** Ends the server and resolves when its process is gone. Safe to call twice. */
  stop(): Promise<void>;
}

export interface LaunchRequest {
  name: string;
  command: string;
  args: string[];
  /**
   * The folder of the pid file. It also distinguishes a server of an earlier run from an unrelated process with its
   * pid.
   */
  dataDir: string;
  env?: NodeJS.ProcessEnv;
  owner?: { uid: number; gid: number } | undefined;
  stopSignal?: NodeJS.Signals;
  /** A folder to delete when the parent dies without stopping the server. */
  disposableDir?: string | undefined;
}

export interface LaunchedProcess {
  pid: number;
  exited: Promise<string>;
  /** Calls the listener with the end of the output so far, and then with all further output. */
  onOutput(listener: (text: string) => void): void;
  stop(): Promise<void>;
}

const defaultStopDeadlineMs = 10_000;

/** Below the ports of outgoing connections, which could take a port before its server listens on it. */
const LOWEST_PORT = 12_000;
const PORTS = 18_000;

/** Returns a TCP port of loopback that was free a moment ago. It is random, so that two callers rarely get the same. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    if (await isPortFree(port)) return port;
  }
  throw new Error('There is no free TCP port.');
}

/** Returns this many different ports. The port of a killed server is still free when the server starts again. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

/** True when no process listens on this port of any local address. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/** True while a process with this id exists, of any user. A zombie counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C in a terminal reaches only this process, which stops
 * the programs in order. When this process is killed, a guard process ends the program.
 */
export async function launch(request: LaunchRequest): Promise<LaunchedProcess> {
  const child = spawn(request.command, request.args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: request.env ?? process.env,
    ...request.owner,
  });
  const output = outputOf(child);
  const exited = outcomeOf(child, request.name, output);
  const pid = child.pid;
  if (pid === undefined) throw new Error(await exited);
  const signal = request.stopSignal ?? 'SIGTERM';
  const release = guardProcess(pid, { signal, disposableDir: request.disposableDir });
  await writeFile(pidFileIn(request.dataDir), String(pid));
  const stop = async () => {
    await endProcess(pid, signal);
    await exited;
    release();
    await rm(pidFileIn(request.dataDir), { force: true });
  };
  return { pid, exited, stop, onOutput: output.listen };
}

/** Asks a process to end, and kills it at the deadline. Resolves when it is gone. */
export async function endProcess(
  pid: number,
  signal: NodeJS.Signals,
  stopDeadlineMs = defaultStopDeadlineMs,
): Promise<void> {
  sendSignal(pid, signal);
  const deadline = Date.now() + stopDeadlineMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) sendSignal(pid, 'SIGKILL');
    await delay(20);
  }
}

/** Ends a server that an earlier run left behind in the same data folder, for example after SIGKILL. */
export async function stopOrphan(dataDir: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
  const pid = Number(await readFile(pidFileIn(dataDir), 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid) || !belongsTo(pid, dataDir)) return false;
  await endProcess(pid, signal);
  return true;
}

/** Whether the process works in this folder or has it in its command line; another process may have the pid by now. */
export function belongsTo(pid: number, dataDir: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`) === dataDir) return true;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir);
  } catch {
    return false;
  }
}

/**
 * Starts a guard that ends a process together with this one. The guard blocks on a pipe that only this process holds.
 * When this process ends in any way, the pipe closes, and the guard sends the signal, then SIGKILL. Returns a function
 * that releases the guard.
 */
export function guardProcess(
  pid: number,
  options: { signal: NodeJS.Signals; disposableDir?: string | undefined },
): () => void {
  const script = `trap '' INT TERM HUP
if read -r _; then exit 0; fi
kill -s "$2" "$1" 2>/dev/null
i=0
while kill -0 "$1" 2>/dev/null && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
kill -s KILL "$1" 2>/dev/null
if [ -n "$3" ]; then rm -rf "$3"; fi`;
  const args = ['-c', script, 'frontrow-guard', String(pid), options.signal.slice(3), options.disposableDir ?? ''];
  const guard = spawn('/bin/sh', args, { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  return () => guard.stdin.end('released\n');
}

function pidFileIn(dataDir: string): string {
  return join(dataDir, 'frontrow-server.pid');
}

type Output = { tail(): string; listen(listener: (text: string) => void): void };

/** Reads from the first byte on, so that later listeners also get the output of the time before they listened. */
function outputOf(child: ChildProcess): Output {
  let tail = '';
  const listeners = new Set<(text: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-2000);
      for (const listener of listeners) listener(text);
    });
  }
  return {
    tail: () => tail,
    listen(listener) {
      listeners.add(listener);
      if (tail !== '') listener(tail);
    },
  };
}

function outcomeOf(child: ChildProcess, name: string, output: Output): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`${name} cannot be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(`${name} ended (${signal ?? `code ${code}`}).\n${output.tail().trim()}`),
    );
  });
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process is already gone.
  }
}
