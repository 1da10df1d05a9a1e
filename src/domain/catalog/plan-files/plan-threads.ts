import { Worker } from 'node:worker_threads';
import { TryAgain } from '../../errors.ts';
import type { PlanTask, PlanTaskResults } from './plan-tasks.ts';

/** Runs tasks in threads, so that the process goes on with other requests. */
export type PlanThreads = {
  /**
   * Runs work that needs a thread and its memory. Throws TryAgain when as much runs as may, and when a task takes too long.
   * A task whose plan does not fit into the memory of a thread rejects with `PlanTooLarge`.
   */
  take<T>(work: (run: RunPlanTask) => Promise<T>): Promise<T>;
  /** Ends the threads; their tasks reject. */
  close(): Promise<void>;
};

export type RunPlanTask = <Kind extends PlanTask['kind']>(
  task: Extract<PlanTask, { kind: Kind }>,
) => Promise<PlanTaskResults[Kind]>;

/** The plan does not fit into the memory of a thread. */
export class PlanTooLarge extends Error {}

type Options = {
  /** How much work runs at a time; further work is refused. Default 1. */
  readonly atOnce?: number;
  /** Default 20 s. */
  readonly withinMs?: number;
  /** Of JavaScript objects, in one thread. Default 320 MB. */
  readonly memoryMb?: number;
};

/** What the waiting client is asked to wait: most files take a second. */
const RETRY_SECONDS = 3;

export function openPlanThreads({ atOnce = 1, withinMs = 20_000, memoryMb = 320 }: Options = {}): PlanThreads {
  const running = new Set<Worker>();
  let taken = 0;
  const run: RunPlanTask = <Kind extends PlanTask['kind']>(task: Extract<PlanTask, { kind: Kind }>) => {
    const worker = new Worker(new URL('./plan-thread.ts', import.meta.url), {
      workerData: task,
      transferList: movedOf(task),
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 16 },
    });
    running.add(worker);
    return resultOf<PlanTaskResults[Kind]>(worker, withinMs).finally(() => {
      running.delete(worker);
      void worker.terminate();
    });
  };
  return {
    async take(work) {
      if (taken >= atOnce)
        throw new TryAgain(RETRY_SECONDS, { message: 'Another seating plan is being read. Try again soon.' });
      taken++;
      try {
        return await work(run);
      } finally {
        taken--;
      }
    },
    async close() {
      await Promise.all([...running].map((worker) => worker.terminate()));
    },
  };
}

/** The memory that the thread takes over. */
const movedOf = (task: PlanTask): ArrayBuffer[] => (task.kind === 'read' ? [task.bytes.buffer] : []);

function resultOf<T>(worker: Worker, withinMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const tooLong = new TryAgain(RETRY_SECONDS, {
      message: 'Reading the seating plan took too long. Try again later.',
    });
    const timer = setTimeout(() => reject(tooLong), withinMs);
    worker.once('message', resolve);
    worker.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new PlanTooLarge() : error),
    );
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(new Error('the thread ended without a result'));
    });
  });
}
