// Checks that schema.graphql is the schema of the code, and that it keeps what clients of the last release rely on.
import { readdir, readFile } from 'node:fs/promises';
import {
  BreakingChangeType,
  buildSchema,
  DangerousChangeType,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  OperationTypeNode,
} from 'graphql';
import { z } from 'zod';
import { schemaText } from '../schema-text.ts';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => readFile(at(path), 'utf8');

const accepted = z.array(
  z.strictObject({ change: z.string(), reason: z.string().min(10), instead: z.string().min(10) }),
);

export type Promises = {
  /** The version in package.json. */
  readonly version: string;
  /** The schema of the last release: what clients rely on. */
  readonly released: { readonly version: string; readonly text: string };
  /** The breaks that are accepted for the next release; docs/releases/README.md says how. */
  readonly breaks: readonly { readonly change: string }[];
  /** schema.graphql as it is committed. */
  readonly committed: string;
};

const numbersOf = (version: string): number[] => version.split('.').map(Number);
const inOrder = (a: string, b: string): number => {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const first = left.findIndex((number, index) => number !== right[index]);
  return first === -1 ? 0 : (left[first] ?? 0) - (right[first] ?? 0);
};

/** Returns the newest version among the names of released schemas. Throws when there is none. */
export function newestRelease(names: readonly string[]): string {
  const versions = names.flatMap((name) => /^schema-(\d+\.\d+\.\d+)\.graphql$/.exec(name)?.[1] ?? []);
  const newest = versions.sort(inOrder).at(-1);
  if (newest === undefined) throw new Error('docs/releases has no schema of a release.');
  return newest;
}

export async function readPromises(): Promise<Promises> {
  const released = newestRelease(await readdir(at('docs/releases')));
  return {
    version: (JSON.parse(await read('package.json')) as { version: string }).version,
    released: { version: released, text: await read(`docs/releases/schema-${released}.graphql`) },
    breaks: accepted.parse(JSON.parse(await read('docs/releases/breaks.json'))),
    committed: await read('schema.graphql').catch(() => ''),
  };
}

/** Returns the problems of `text`, the schema of the code; an empty list when it has no problem. */
export function schemaProblems(text: string, { version, released, breaks, committed }: Promises): string[] {
  const broken = breakingChanges(buildSchema(released.text), buildSchema(text));
  const allowed = new Set(breaks.map(({ change }) => change));
  return [
    ...(committed === text ? [] : ['schema.graphql is not what the code says. Run: npm run schema:print']),
    ...(version === released.version
      ? []
      : [`docs/releases has no schema-${version}.graphql, which a release of ${version} needs`]),
    ...broken
      .filter((change) => !allowed.has(change))
      .map((change) => `breaks clients of ${released.version}: ${change} See docs/releases/README.md.`),
    ...[...allowed]
      .filter((change) => !broken.includes(change))
      .map((change) => `docs/releases/breaks.json has "${change}", which breaks nothing`),
  ];
}

/** What breaks a client of the old schema, one sentence each. */
function breakingChanges(old: GraphQLSchema, now: GraphQLSchema): string[] {
  const roots = Object.values(OperationTypeNode).filter(
    (operation) => old.getRootType(operation) && old.getRootType(operation)?.name !== now.getRootType(operation)?.name,
  );
  return [
    ...findBreakingChanges(old, now),
    // A client that leaves an argument out relies on its default.
    ...findDangerousChanges(old, now).filter(({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE),
    ...roots.map((operation) => ({
      type: BreakingChangeType.TYPE_REMOVED,
      description: `The type of each ${operation} was changed.`,
    })),
  ].map(({ description }) => (description.endsWith('.') ? description : `${description}.`));
}

if (import.meta.main) {
  const problems = schemaProblems(schemaText(), await readPromises());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
