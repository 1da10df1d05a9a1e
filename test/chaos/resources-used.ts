import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export type Watched = { readonly role: string; readonly pid: number; readonly withChildren?: boolean };

/** For one role: the most bytes at one moment, and the CPU seconds in all. */
export type Used = { readonly peakBytes: number; readonly cpuSeconds: number };

const LOOK_EVERY_MS = 1_000;

/**
 * The resources of the processes of each role, sampled once a second: the last second of a killed process is not
 * counted.
 */
export function watchResources(watched: () => readonly Watched[]) {
  const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const peaks = new Map<string, number>();
  const ticks = new Map<string, Map<number, number>>();
  const look = (): void => {
    const now = new Map<string, number>();
    for (const { role, pid, withChildren } of watched()) {
      const pids = withChildren ? [pid, ...childrenOf(pid)] : [pid];
      const bytes = pids.reduce((sum, one) => sum + bytesOf(one), 0);
      now.set(role, (now.get(role) ?? 0) + bytes);
      const ofRole = ticks.get(role) ?? new Map<number, number>();
      ticks.set(role, ofRole);
      for (const one of pids) ofRole.set(one, ticksOf(one) ?? ofRole.get(one) ?? 0);
    }
    const all = [...now.values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const [role, bytes] of [...now, ['all', all] as const]) peaks.set(role, Math.max(bytes, peaks.get(role) ?? 0));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    used(): ReadonlyMap<string, Used> {
      look();
      const cpuOf = (role: string) =>
        [...(ticks.get(role)?.values() ?? [])].reduce((a, b) => a + b, 0) / ticksPerSecond;
      const total = [...ticks.keys()].reduce((sum, role) => sum + cpuOf(role), 0);
      return new Map(
        [...peaks].map(([role, peakBytes]) => [role, { peakBytes, cpuSeconds: role === 'all' ? total : cpuOf(role) }]),
      );
    },
    stop: () => clearInterval(timer),
  };
}

/** Without shared memory, because the buffers of PostgreSQL are in each of its processes. */
function bytesOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** In user mode and in the kernel on its behalf. */
function ticksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in brackets and may contain any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
