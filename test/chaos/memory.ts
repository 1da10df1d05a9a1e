import { readFileSync } from 'node:fs';

export type Watched = { readonly role: string; readonly pid: number; readonly withChildren?: boolean };

const LOOK_EVERY_MS = 2_000;

/** The most memory, in bytes, that the processes of each role had at the same time, looked at every two seconds. */
export function watchMemory(watched: () => readonly Watched[]) {
  const peak = new Map<string, number>();
  const look = (): void => {
    const now = new Map<string, number>();
    for (const { role, pid, withChildren } of watched()) {
      const pids = withChildren ? [pid, ...childrenOf(pid)] : [pid];
      now.set(
        role,
        pids.reduce((sum, one) => sum + bytesOf(one), now.get(role) ?? 0),
      );
    }
    const all = [...now.values()].reduce((sum, bytes) => sum + bytes, 0);
    for (const [role, bytes] of [...now, ['all', all] as const]) peak.set(role, Math.max(bytes, peak.get(role) ?? 0));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    peak: (): ReadonlyMap<string, number> => peak,
    stop: () => clearInterval(timer),
  };
}

/** Without what it shares with others: the buffers of PostgreSQL are in each of its processes. */
function bytesOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
