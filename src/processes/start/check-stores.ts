import { explainOutage, type StoreSettings } from '#domain/outage-sentences.ts';
import { outageOf } from '#domain/outages.ts';

/** What is asked of one store before anything is opened. */
export type StoreCheck = {
  /** The variables that name the store. */
  readonly settings: StoreSettings;
  /**
   * Returns what has to be set otherwise, or undefined when nothing has.
   *
   * @throws what the store's client throws
   */
  check(): Promise<string | undefined>;
};

const PATIENCE_MS = 8_000;

/**
 * Asks each store once. A setting that waiting cannot correct ends the process with exit code 1: a certificate that is not
 * trusted, a server that speaks no TLS, a kind of server that Frontrow does not support. All of them are in one message,
 * each with its variable, its reason and what to do. What is away is waited for later, as it is when it goes away.
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
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, PATIENCE_MS);
  try {
    const problem = await Promise.race([check(), late.promise]);
    return problem && `${settings.address}: ${problem}`;
  } catch (error) {
    return outageOf(error)?.cause === 'tls' ? explainOutage(error, { otherwise: settings }) : undefined;
  } finally {
    clearTimeout(timer);
  }
}
