import { SearchBusy } from './event-search.ts';

type Waiter = { start: () => void; abandon: () => void };

/**
 * Runs `inFlight` calls at once and lets at most `queue` wait. A fully loaded Typesense starves its writers (with
 * eight searches always in flight one write waited more than 8 s), and a queue longer than any caller waits for only
 * adds work.
 */
export function openSearchSlots(options: { inFlight: number; queue: number }) {
  let running = 0;
  const waiting: Waiter[] = [];

  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (running < options.inFlight) {
        running += 1;
        resolve();
        return;
      }
      if (waiting.length >= options.queue) {
        reject(new SearchBusy('the queue is full'));
        return;
      }
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener('abort', waiter.abandon);
          resolve();
        },
        abandon: () => {
          waiting.splice(waiting.indexOf(waiter), 1);
          reject(new SearchBusy('waited too long'));
        },
      };
      waiting.push(waiter);
      signal.addEventListener('abort', waiter.abandon, { once: true });
    });

  const leave = () => {
    const next = waiting.shift();
    // The slot is handed over, so that a new caller cannot overtake the queue.
    if (next) next.start();
    else running -= 1;
  };

  return {
    /** @throws SearchBusy when the queue is full, or when `signal` is raised before the call began */
    async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
      if (signal.aborted) throw new SearchBusy('no time left');
      await enter(signal);
      try {
        return await call();
      } finally {
        leave();
      }
    },
  };
}
