import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuBetween, memoryOf, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { type SearchStand, searchEnv } from './search-stand.ts';

/** A run of the product's own command. `seconds` and CPU microseconds are of the whole command. */
export type ReindexRun = {
  readonly seconds: number;
  readonly cpu: ReadonlyMap<string, number>;
  /** Of the command itself, as it was before its end. */
  readonly mostMemory: number;
  readonly exitCode: number | null;
  readonly output: string;
};

const FRONTROW = fileURLToPath(new URL('../../src/processes/frontrow.ts', import.meta.url));
const LOOK_EVERY_MS = 100;
const COMMAND = 'reindex';

/** Runs `frontrow reindex` with these arguments. */
export async function runReindex({ stores, engine }: SearchStand, ...args: string[]): Promise<ReindexRun> {
  const servers = [engine.watched, ...stores.watched];
  const before = sampleCpu(servers);
  const beganAt = performance.now();
  const child = spawn(process.execPath, [FRONTROW, COMMAND, ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', DATABASE_URL: stores.databaseUrl, ...searchEnv(engine) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const own = { role: COMMAND, pid: child.pid ?? 0 };
  const used = { cpu: 0, mostMemory: 0 };
  const look = setInterval(() => lookAt(own, used), LOOK_EVERY_MS);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  clearInterval(look);
  const seconds = (performance.now() - beganAt) / 1000;
  const cpu = cpuBetween(before, sampleCpu(servers));
  return { seconds, cpu: cpu.set(COMMAND, used.cpu), mostMemory: used.mostMemory, exitCode, output };
}

/** The last look before the end of the process counts. */
function lookAt(own: Watched, used: { cpu: number; mostMemory: number }): void {
  try {
    used.cpu = sampleCpu([own]).get(own.role) ?? used.cpu;
    used.mostMemory = Math.max(used.mostMemory, memoryOf(own));
  } catch {
    // It has ended since the last look.
  }
}
