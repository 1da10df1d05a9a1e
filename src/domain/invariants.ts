import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
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
/** The time limit of all queries together per minute, because most of them read whole tables. */
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
  return {
    async check(signal) {
      if ((await lease.take()) === undefined) return undefined;
      run += 1;
      const checked: Checked[] = [];
      for (const { id, query } of asked) {
        if (signal.aborted) return undefined;
        const rests = (restsUntil.get(id) ?? 0) > run;
        const violations = rests ? undefined : await count(db, query);
        if (violations === undefined && !rests) restsUntil.set(id, run + RESTS_FOR);
        checked.push({ id, violations });
      }
      return checked;
    },
    close: () => lease.release(),
  };
}

async function count(db: Db, query: string): Promise<number | undefined> {
  try {
    return await db.transaction(
      async (tx) => {
        await tx.execute(sql.raw(`set local statement_timeout = ${PATIENCE_MS}`));
        const [row] = await tx.execute<{ count: number }>(
          sql.raw(
            `select count(*)::int as count from (select from (${query.replace(/;\s*$/, '')}) as found limit ${COUNTED_AT_MOST}) as broken`,
          ),
        );
        return row?.count;
      },
      { accessMode: 'read only' },
    );
  } catch (error) {
    if (isCancelled(error)) return undefined;
    throw error;
  }
}

function isCancelled(error: unknown): boolean {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof inner === 'object' && inner !== null && 'code' in inner && inner.code === '57014';
}
