import { type Environment, EnvironmentError } from '#config/parse.ts';
import { exceptionsMade } from '#config/production.ts';
import type { Log } from '#observability/log.ts';

/**
 * Returns the result of `read`. When the environment is not usable, prints the reasons without a stack and exits with
 * 1.
 */
export function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.error(error.message);
    return process.exit(1);
  }
}

/** Warns at each start of every guard that a production system goes without. */
export function warnOfRehearsal(log: Pick<Log, 'warn'>, env: Environment): void {
  for (const made of exceptionsMade(env)) log.warn(made, 'REHEARSAL: this is not safe in production');
}
