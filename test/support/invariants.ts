import { readFileSync } from 'node:fs';
import postgres from 'postgres';

export type Invariant = { readonly id: string; readonly promise: string; readonly query: string };
export type Violation = {
  readonly id: string;
  readonly promise: string;
  readonly rows: readonly Record<string, unknown>[];
};

/** The queries of a file in this folder: each begins with a comment line `-- I01 what holds`. */
export function readInvariants(file: string): Invariant[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .split(/^-- (?=I\d\d )/m)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.split('\n');
      return { id: title.slice(0, 3), promise: title.slice(4), query: lines.join('\n').trim() };
    });
}

/** Runs every query of the file, all on one moment of the database, and answers those that found something. */
export async function findViolations(
  url: string,
  { file = 'invariants.sql', except = [] }: { file?: string; except?: readonly string[] } = {},
): Promise<Violation[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.begin('isolation level repeatable read read only', async (tx) => {
      const violations: Violation[] = [];
      for (const { id, promise, query } of readInvariants(file)) {
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
