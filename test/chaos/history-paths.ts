import { countInPauses } from './checks/pauses.ts';
import type { HistoryRecord } from './history.ts';
import type { InjectedFault } from './nemesis.ts';
import type { FaultKind } from './plan.ts';

/** The rare paths that only the history of the clients shows, and how often it has each. */
export function countInHistory(
  history: readonly HistoryRecord[],
  faults: readonly InjectedFault[],
): Record<string, number> {
  const { refused, sold } = countInPauses(history);
  return {
    'a hold was acknowledged while Redis was away': countHoldsWithoutRedis(history, faults),
    'a hold was refused because sales were paused': refused,
    'the box office sold while sales were paused': sold,
  };
}

const REDIS_IS_AWAY: ReadonlySet<FaultKind> = new Set([
  'redis-kill',
  'redis-old-dump',
  'redis-pause',
  'freeze',
  'black-hole',
]);

/** The holds that were requested and acknowledged while Redis was away. */
function countHoldsWithoutRedis(history: readonly HistoryRecord[], faults: readonly InjectedFault[]): number {
  const outages = faults
    .filter(({ kind, part, failure }) => part === 'redis' && REDIS_IS_AWAY.has(kind) && failure === undefined)
    .map(({ begunAt, forMs }) => ({ from: begunAt + 50, to: begunAt + forMs }));
  return history.filter(
    (record) =>
      record.kind === 'hold' &&
      record.answer?.replayed === false &&
      outages.some(({ from, to }) => record.from >= from && record.to <= to),
  ).length;
}
