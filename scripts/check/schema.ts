// Checks that schema.graphql is the schema of the code, and that the code's schema keeps what clients rely on.
import { readFile } from 'node:fs/promises';
import { type Change, ChangeType, CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { schemaText } from '../schema-text.ts';

/** Members of the contract that are promised for later. Each leaves this list when it is built. */
const notBuiltYet: readonly string[] = [];

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The contract that clients rely on, and schema.graphql as it is committed. */
export const readPromises = async () => ({
  contract: await read('docs/contract.graphql'),
  committed: await read('schema.graphql').catch(() => ''),
});

/** Returns the problems of `text`, the schema of the code; an empty list when it has no problem. */
export async function schemaProblems(
  text: string,
  { contract, committed }: { contract: string; committed: string },
): Promise<string[]> {
  const problems: string[] = [];
  if (committed !== text) problems.push('schema.graphql is not what the code says. Run: npm run schema:print');
  const missing = new Set<string>();
  for (const change of await diff(buildSchema(contract), buildSchema(text))) {
    const { criticality, message, path } = change;
    if (criticality.level !== CriticalityLevel.Breaking && !changesDefault(change)) continue;
    if (path !== undefined && notBuiltYet.includes(path)) missing.add(path);
    else problems.push(`breaks docs/contract.graphql at ${path}: ${message}`);
  }
  for (const path of notBuiltYet) {
    if (!missing.has(path)) problems.push(`${path} is built: take it off the list in scripts/check/schema.ts`);
  }
  return problems;
}

/** A client that leaves an argument out relies on its default, if the contract names a default. */
function changesDefault(change: Change): boolean {
  if (change.type !== ChangeType.FieldArgumentDefaultChanged) return false;
  return (change as Change<typeof ChangeType.FieldArgumentDefaultChanged>).meta.oldDefaultValue !== undefined;
}

if (import.meta.main) {
  const problems = await schemaProblems(schemaText(), await readPromises());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
