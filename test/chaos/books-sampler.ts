import { setTimeout as sleep } from 'node:timers/promises';
import { readInvariants } from '#processes/invariants/money.ts';
import { type CheckResult, Findings } from './checks/check.ts';
import { lookInto } from './look-into.ts';

/** Each entry of the journal and the trial balance: the promises that hold at any instant, also while processes die. */
const ALWAYS: ReadonlySet<string> = new Set(['M1', 'M2']);
const EVERY_MS = 1_000;
const MAX_FOUND = 20;

/** Reads the journal from time to time while everything fails. */
export type BooksSampler = { stop(): Promise<CheckResult> };

/**
 * Looks for differences in the journal every second, straight in the payments database. A second in which the database
 * cannot be reached or does not answer is left out.
 */
export function startBooksSampler(paymentsUrl: string): BooksSampler {
  const stopping = new AbortController();
  const findings = new Findings('BOOKS', 'the journal sums to zero at every second of the run (M1, M2)');
  const run = async () => {
    const queries = (await readInvariants()).filter(({ id }) => ALWAYS.has(id));
    while (!stopping.signal.aborted) {
      const found = await sample(paymentsUrl, queries).catch(() => undefined);
      if (found) findings.looked += 1;
      for (const line of found?.slice(0, MAX_FOUND) ?? []) findings.broken(line);
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await running;
      return findings.result();
    },
  };
}

const sample = (url: string, queries: readonly { id: string; text: string }[]): Promise<string[]> =>
  lookInto(url, async (sql) => {
    const found: string[] = [];
    for (const { id, text } of queries) {
      const rows = await sql.unsafe<{ subject: string; detail: string }[]>(text);
      found.push(...rows.map(({ subject, detail }) => `${new Date().toISOString()} ${id} ${subject}: ${detail}`));
    }
    return found;
  });
