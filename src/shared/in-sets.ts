import { setTimeout as sleep } from 'node:timers/promises';
import { AT_ONCE, Gathering, type GatheringTimes } from './gathering.ts';

export type SetOptions<In, Out> = {
  /** One result for each item, in the same order. When it rejects, nothing of the set took effect. */
  readonly together: (items: readonly In[]) => Promise<readonly Out[]>;
  /** For each item of a set that failed, so that one item cannot fail the others. */
  readonly alone: (item: In) => Promise<Out>;
  readonly most?: number;
  /** From the beginning of one set to that of the next; the first item after a pause does not wait. */
  readonly gathering?: GatheringTimes;
};

/**
 * Returns a function that does the work for its item together with the items of other callers: those that arrive while
 * a set is under way are the next one.
 */
export function inSets<In, Out>(options: SetOptions<In, Out>): (item: In) => Promise<Out> {
  const { most = 200, gathering: times = AT_ONCE } = options;
  const waiting: Waiting<In, Out>[] = [];
  let isRunning = false;
  const gathering = new Gathering(times);
  const drain = async () => {
    while (waiting.length > 0) {
      const earlyMs = gathering.earlyMs(performance.now());
      if (earlyMs > 0) await sleep(earlyMs);
      else await new Promise(setImmediate);
      gathering.begin(performance.now());
      const set = waiting.splice(0, most);
      gathering.took(set.length);
      await settle(options, set);
    }
    isRunning = false;
  };
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (isRunning) return;
      isRunning = true;
      void drain();
    });
}

type Waiting<In, Out> = { readonly item: In; resolve: (out: Out) => void; reject: (error: unknown) => void };

async function settle<In, Out>({ together, alone }: SetOptions<In, Out>, set: Waiting<In, Out>[]): Promise<void> {
  const results = await together(set.map(({ item }) => item)).catch(() => undefined);
  if (results?.length === set.length) {
    for (const [index, { resolve }] of set.entries()) resolve(results[index] as Out);
    return;
  }
  await Promise.all(set.map(({ item, resolve, reject }) => alone(item).then(resolve, reject)));
}
