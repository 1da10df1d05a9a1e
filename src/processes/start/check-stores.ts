import { explainOutage, type StoreSettings } from '#domain/outage-sentences.ts';
import { outageOf } from '#domain/outages.ts';
import { withDeadline } from '#shared/deadline.ts';

/** The check of one store before the process opens it. */
export type StoreCheck = {
  /** The variables that name the store. */
  readonly settings: StoreSettings;
  /**
   * Returns what the operator has to change, or undefined when the settings are fine.
   *
   * @throws the errors of the store's client
   */
  check(): Promise<string | undefined>;
};

const PATIENCE_MS = 8_000;

/**
 * Checks each store once. A wrong setting, which waiting cannot correct, ends the process with exit code 1: a
 * certificate that is not trusted, a server without TLS, a kind of server that Frontrow does not support. One message
 * has all of them, each with its variable, its reason and the remedy. A store that is down is not a problem here: the
 * process waits for it later.
 */
export async function checkStores(checks: readonly StoreCheck[]): Promise<void> {
  const found = await Promise.all(checks.map(problemOf));
  const problems = found.filter((problem) => problem !== undefined);
  if (problems.length === 0) return;
  console.error(
    `The stores cannot be used as they are configured:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nSee docs/reference/config.md.`,
  );
  process.exit(1);
}

async function problemOf({ settings, check }: StoreCheck): Promise<string | undefined> {
  try {
    const problem = await withDeadline(check(), PATIENCE_MS, () => undefined);
    return problem && `${settings.address}: ${problem}`;
  } catch (error) {
    return outageOf(error)?.cause === 'tls' ? explainOutage(error, { otherwise: settings }) : undefined;
  }
}
