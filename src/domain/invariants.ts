import { readFileSync } from 'node:fs';
import { sql, TransactionRollbackError } from 'drizzle-orm';
import { begin, type Db, type Tx } from '#db/client.ts';
import { postgresError } from '#db/pg-errors.ts';
import { openLease } from './waiting-room/lease.ts';

export type Invariant = { readonly id: string; readonly promise: string; readonly query: string };

/** The queries of a file: each begins with a comment line `-- I01 what must hold`, and finds the violations. */
export function readInvariants(file: URL = new URL('./invariants.sql', import.meta.url)): Invariant[] {
  return readFileSync(file, 'utf8')
    .split(/^-- (?=I\d\d )/m)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.split('\n');
      return { id: title.slice(0, 3), promise: title.slice(4), query: lines.join('\n').trim() };
    });
}

export type Checked = {
  readonly id: string;
  /** The number of rows that the query found, 100 at most; undefined when it took too long. */
  readonly violations: number | undefined;
};

export type InvariantChecker = {
  /** Undefined when another process has checked within the last minute, or is about to. */
  check(signal: AbortSignal): Promise<readonly Checked[] | undefined>;
  close(): Promise<void>;
};

const COUNTED_AT_MOST = 100;
/** The time limit of one query, because most of them read whole tables. */
const PATIENCE_MS = 1_000;
/** A query that took too long is skipped in so many runs, because it will not be faster a minute later. */
const RESTS_FOR = 30;
const TURN_SECONDS = 55;

/**
 * The invariants that compare the database with the event log in it; they would report wrongly when the log is
 * elsewhere. I18 does so in part, but then it only finds less.
 */
export const ABOUT_THE_LOG: readonly string[] = ['I17'];

/**
 * Checks a live database for violations, in one process at a time, within limits. @param except ids that are not
 * checked
 */
export function openInvariantChecker({ db }: { db: Db }, except: readonly string[] = []): InvariantChecker {
  const lease = openLease({ db, name: 'check-invariants', seconds: TURN_SECONDS });
  const asked = readInvariants().filter(({ id }) => !except.includes(id));
  const restsUntil = new Map<string, number>();
  let run = 0;
  const countUnlessResting = async (tx: Tx, { id, query }: Invariant): Promise<number | undefined> => {
    if ((restsUntil.get(id) ?? 0) > run) return undefined;
    const violations = await count(tx, query);
    if (violations === undefined) restsUntil.set(id, run + RESTS_FOR);
    return violations;
  };
  return {
    async check(signal) {
      if ((await lease.take()) === undefined) return undefined;
      run += 1;
      return inOneTransaction(db, async (tx) => {
        const checked: Checked[] = [];
        for (const invariant of asked) {
          if (signal.aborted) return undefined;
          checked.push({ id: invariant.id, violations: await countUnlessResting(tx, invariant) });
        }
        return checked;
      });
    },
    close: () => lease.release(),
  };
}

/** One commit for all queries. Each sees what was committed when it began, as with the isolation of PostgreSQL's default. */
function inOneTransaction<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const patiently = async (tx: Tx) => {
    await tx.execute(sql.raw(`set local statement_timeout = ${PATIENCE_MS}`));
    return work(tx);
  };
  return begin(db, patiently, 'read only');
}

/** Keeps no lock: the query's part of the transaction is rolled back, so a migration waits for one query at most. */
async function count(tx: Tx, query: string): Promise<number | undefined> {
  const counted = `select count(*)::int as count from (select from (${query.replace(/;\s*$/, '')}) as found limit ${COUNTED_AT_MOST}) as broken`;
  let found: number | undefined;
  try {
    await tx.transaction(async (part) => {
      found = (await part.execute<{ count: number }>(sql.raw(counted)))[0]?.count;
      part.rollback();
    });
  } catch (error) {
    if (!(error instanceof TransactionRollbackError) && !isCancelled(error)) throw error;
  }
  return found;
}

/** By its time limit. */
const isCancelled = (error: unknown): boolean => postgresError(error)?.code === '57014';
