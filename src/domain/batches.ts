import { RateLimited } from './errors.ts';
import { orTryAgain } from './or-try-again.ts';

export type Batches<In, Out> = {
  /** Throws RateLimited when too many callers wait for this event, TryAgain while PostgreSQL is away. */
  add(eventId: string, item: In): Promise<Out>;
  /** Resolves when no batch runs. Items that are added later still run. */
  close(): Promise<void>;
};

export type BatchOptions<In, Out> = {
  /** Runs the items of one event, in the order of arrival; returns one result per item, in the same order. */
  readonly run: (eventId: string, items: readonly In[]) => Promise<readonly Out[]>;
  readonly most?: number;
  readonly maxQueued?: number;
};

type Waiting<In, Out> = { item: In; resolve: (answer: Out) => void; reject: (error: unknown) => void };
type Queue<In, Out> = { waiting: Waiting<In, Out>[]; running: Promise<void> };

/**
 * One batch in flight per event and process; items that arrive meanwhile form the next one. The longer a batch takes,
 * the larger is the next, so a thousand callers cost PostgreSQL about as much as ten.
 */
export function openBatches<In, Out>(options: BatchOptions<In, Out>): Batches<In, Out> {
  const { most = 1000, maxQueued = 20_000 } = options;
  const queues = new Map<string, Queue<In, Out>>();
  const drain = async (eventId: string, queue: Queue<In, Out>): Promise<void> => {
    await new Promise(setImmediate);
    while (queue.waiting.length > 0) await answerAll(options, eventId, queue.waiting.splice(0, most));
    queues.delete(eventId);
  };
  return {
    add: (eventId, item) =>
      new Promise((resolve, reject) => {
        const queue = queues.get(eventId);
        if (queue && queue.waiting.length >= maxQueued) {
          reject(new RateLimited(1 + Math.floor(Math.random() * 5)));
        } else if (queue) {
          queue.waiting.push({ item, resolve, reject });
        } else {
          const started: Queue<In, Out> = { waiting: [{ item, resolve, reject }], running: Promise.resolve() };
          queues.set(eventId, started);
          started.running = drain(eventId, started);
        }
      }),
    async close() {
      await Promise.all([...queues.values()].map(({ running }) => running));
    },
  };
}

async function answerAll<In, Out>(
  { run }: BatchOptions<In, Out>,
  eventId: string,
  batch: readonly Waiting<In, Out>[],
): Promise<void> {
  try {
    const items = batch.map(({ item }) => item);
    const answers = await orTryAgain(run(eventId, items));
    if (answers.length !== batch.length)
      throw new Error(`A batch of ${batch.length} requests got ${answers.length} results.`);
    for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Out);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
