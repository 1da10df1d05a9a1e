import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process with a measured cost. `withChildren`: includes its children, also those that have ended. */
export type Watched = { readonly role: string; readonly pid: number; readonly withChildren?: boolean };

/** CPU microseconds by role since the processes began. */
export type CpuSample = ReadonlyMap<string, number>;

const microsPerTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

type Stat = { readonly parent: number; readonly own: number; readonly endedChildren: number };

/**
 * Linux only, with a precision of a hundredth of a second: time in user mode and in the kernel on the process's
 * behalf.
 */
export function sampleCpu(watched: readonly Watched[]): CpuSample {
  const children = watched.some((one) => one.withChildren) ? childrenByParent() : new Map<number, number[]>();
  return new Map(
    watched.map(({ role, pid, withChildren }) => {
      const stat = readStat(pid);
      if (!stat) throw new Error(`The process of ${role} has ended.`);
      if (!withChildren) return [role, stat.own];
      const living = (children.get(pid) ?? []).map((child) => readStat(child)?.own ?? 0);
      return [role, living.reduce((sum, own) => sum + own, stat.own + stat.endedChildren)];
    }),
  );
}

export function cpuBetween(before: CpuSample, after: CpuSample): Map<string, number> {
  return new Map([...after].map(([role, micros]) => [role, micros - (before.get(role) ?? 0)]));
}

/** Bytes in memory of the process and, if requested, of its children; shared pages count once. */
export function memoryOf({ pid, withChildren }: Watched): number {
  const pids = withChildren ? [pid, ...(childrenByParent().get(pid) ?? [])] : [pid];
  return pids.reduce((sum, one) => sum + proportionalBytes(one), 0);
}

function proportionalBytes(pid: number): number {
  try {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  return children;
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in brackets and may contain any character.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map(
      (index) => fields[index],
    );
    return {
      parent,
      own: (user + system) * microsPerTick,
      endedChildren: (childUser + childSystem) * microsPerTick,
    };
  } catch {
    return undefined;
  }
}
