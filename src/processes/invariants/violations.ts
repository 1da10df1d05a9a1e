import { readInvariants } from '#domain/invariants.ts';
import { openRawClient } from '#shared/postgres.ts';

export type Violation = {
  readonly id: string;
  readonly promise: string;
  readonly rows: readonly Record<string, unknown>[];
};

/** Runs every invariant of the booking database in one snapshot, and returns those that found rows. */
export async function findViolations(
  url: string,
  { except = [] }: { except?: readonly string[] } = {},
): Promise<Violation[]> {
  const sql = openRawClient({ url, name: 'frontrow-invariants' });
  try {
    return await sql.begin('isolation level repeatable read read only', async (tx) => {
      const violations: Violation[] = [];
      for (const { id, promise, query } of readInvariants()) {
        if (except.includes(id)) continue;
        const rows = await tx.unsafe(query.replace(/;\s*$/, ''));
        if (rows.length > 0) violations.push({ id, promise, rows: [...rows] });
      }
      return violations;
    });
  } finally {
    await sql.end();
  }
}
