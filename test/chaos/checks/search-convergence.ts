import { createHash } from 'node:crypto';
import { type CheckResult, Findings } from './check.ts';
import type { SearchFacts } from './facts.ts';

/**
 * X2: at rest the search index has exactly the published events, each in its latest version: the same number, with
 * one hash.
 */
export function checkSearch({ published, indexed }: SearchFacts): CheckResult {
  const findings = new Findings('X2', 'the search index is the published events in their latest versions');
  findings.looked = published.size + indexed.size;
  if (published.size === indexed.size && hashOf(published) === hashOf(indexed)) return findings.result();
  for (const [id, version] of published) {
    const other = indexed.get(id);
    if (other !== version) findings.broken(`event ${id}: version ${version}, in the index ${other ?? 'missing'}`);
  }
  for (const id of indexed.keys())
    if (!published.has(id)) findings.broken(`event ${id} is in the index and not published`);
  return findings.result();
}

/** Of all ids with their versions, in any order. */
export function hashOf(versions: ReadonlyMap<string, number>): string {
  const sum = Buffer.alloc(16);
  for (const [id, version] of versions) {
    const own = createHash('sha256').update(`${id} ${version}`).digest();
    for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) ^ (own[index] ?? 0);
  }
  return sum.toString('hex');
}
