import { type Environment, EnvironmentError } from '#config/parse.ts';
import { exceptionsMade } from '#config/production.ts';
import type { Log } from '#observability/log.ts';

/** What `read` makes of the environment; a process whose environment is not usable says why, without a stack, and ends. */
export function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.error(error.message);
    return process.exit(1);
  }
}

/** A production that does without a guard says so each time it starts. */
export function warnOfRehearsal(log: Pick<Log, 'warn'>, env: Environment): void {
  for (const made of exceptionsMade(env)) log.warn(made, 'REHEARSAL: this is not safe in production');
}
