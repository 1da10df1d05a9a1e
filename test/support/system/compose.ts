import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const root = resolve(import.meta.dirname, '../../..');

export type ComposeService = {
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  image?: string;
  logging?: { options?: Record<string, string> };
  healthcheck?: { test: string[] };
  profiles?: string[];
};

/** docker-compose.yml as the program docker-compose reads it: merged, with the values of `env` for its variables. */
export function readCompose(env: Readonly<Record<string, string | undefined>>): Record<string, ComposeService> {
  const text = readFileSync(resolve(root, 'docker-compose.yml'), 'utf8');
  const whole = parse(text, { merge: true }) as { services: Record<string, ComposeService> };
  const fill = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one)]));
    return String(value)
      .replaceAll(/(?<!\$)\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback = '') => env[name] || fallback)
      .replaceAll('$$', '$');
  };
  return fill(whole.services) as Record<string, ComposeService>;
}

export type StartedService = { metricsUrl: string; stop(): Promise<number | null> };

/**
 * Starts services like containers, with only their command and environment, as processes of this machine. `local`
 * maps each address of the compose network to an address here.
 */
export function composeRunner(services: Record<string, ComposeService>, local: readonly (readonly [string, string])[]) {
  const lines: string[] = [];
  const running = new Set<ChildProcess>();
  const here = (text: string) => local.reduce((rest, [there, place]) => rest.replaceAll(there, place), text);
  const environmentOf = (name: string) => ({
    PATH: process.env.PATH ?? '',
    ...Object.fromEntries(Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, here(value)])),
  });
  const commandOf = (name: string, args: readonly string[]) => {
    const { entrypoint = [], command = [] } = services[name] ?? {};
    const [program, ...rest] = [...entrypoint, ...(args.length > 0 ? [] : command), ...args];
    if (program !== 'node') throw new Error(`${name} is started with ${program}.`);
    return rest;
  };
  return {
    lines,
    /** Runs it to its end. */
    run: (name: string, ...args: string[]) =>
      new Promise<{ code: number; out: string }>((done) => {
        const options = { cwd: root, env: environmentOf(name) };
        execFile(process.execPath, commandOf(name, args), options, (error, stdout, stderr) =>
          done({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
        );
      }),
    /** Resolves when it reports that it is ready. */
    async start(name: string): Promise<StartedService> {
      const options = { cwd: root, env: environmentOf(name), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as const };
      const child = spawn(process.execPath, commandOf(name, []), { ...options, stdio: [...options.stdio] });
      running.add(child);
      for (const stream of [child.stdout, child.stderr])
        stream
          ?.setEncoding('utf8')
          .on('data', (text: string) => lines.push(...text.split('\n').map((line) => `${name}: ${line}`)));
      const ended = once(child, 'exit').then(() => {
        throw new Error(`${name} ended before it was ready:\n${lines.slice(-10).join('\n')}`);
      });
      const ready = new Promise<number>((isReady) =>
        child.on(
          'message',
          (message: { ready?: boolean; metricsPort?: number }) => message.ready && isReady(message.metricsPort ?? 0),
        ),
      );
      const metricsPort = await Promise.race([ready, ended]);
      ended.catch(() => {});
      const stop = async () => {
        child.kill('SIGTERM');
        if (child.exitCode === null) await once(child, 'exit');
        running.delete(child);
        return child.exitCode;
      };
      return { metricsUrl: `http://127.0.0.1:${metricsPort}`, stop };
    },
    stopAll: () =>
      Promise.all(
        [...running].map(async (child) => {
          child.kill('SIGKILL');
          if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        }),
      ),
  };
}
