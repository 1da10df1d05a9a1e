import { setTimeout as sleep } from 'node:timers/promises';
import { begin, type Db, type Tx } from './client.ts';
import { isCutOff, isRetryable } from './pg-errors.ts';
import { prepared } from './prepared.ts';

const MAX_ATTEMPTS = 4;
/** A connection that was silent for longer was not cut off but leads nowhere: the caller has waited enough. */
const CUT_OFF_WITHIN_MS = 1_000;
/** By then the pool knows which of its other connections were cut off at the same time. */
const CUT_OFF_PAUSE_MS = 25;

const BOUNDS = `select set_config('application_name', $1, true), set_config('lock_timeout', '2s', true),
  set_config('idle_in_transaction_session_timeout', '5s', true)`;

/**
 * Runs `work` in one transaction, and again from the start if PostgreSQL asks for that (40001, 40P01), or once if the
 * connection was cut off before COMMIT was sent: then nothing is committed. `work` may run more than once, so it uses only
 * `tx`: Redis, the event log and gateways are called before or after, never inside. Limits: 2 s for a lock, 5 s idle.
 */
export async function inTransaction<T>(db: Db, name: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const startedAt = performance.now();
    let isWorkDone = false;
    try {
      return await begin(db, async (tx) => {
        // Not awaited first: it is sent with the first statement of the work, which the server runs after it.
        const [, result] = await Promise.all([prepared(tx, BOUNDS, [name]), work(tx)]);
        isWorkDone = true;
        return result;
      });
    } catch (error) {
      const mayRepeat = attempt === 1 && !isWorkDone && performance.now() - startedAt < CUT_OFF_WITHIN_MS;
      if (mayRepeat && isCutOff(error)) await sleep(CUT_OFF_PAUSE_MS);
      else if (attempt === MAX_ATTEMPTS || !isRetryable(error)) throw error;
    }
  }
}
