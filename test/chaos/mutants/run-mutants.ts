import { failuresOf } from '../checks/run-checks.ts';
import { rush } from '../rush/rush.ts';
import { type Mutant, plantMutant } from './mutant.ts';

export type Caught = {
  readonly name: string;
  /** The checks that found it; none: it survived. */
  readonly by: readonly string[];
  readonly evidence: string | undefined;
  /** From the first request on. */
  readonly seconds: number;
  readonly operations: number;
};

/** Without a bug; must come back with nothing. */
export const control: Mutant = { name: 'control', bug: 'none', edits: [] };

/** One mutant, on databases of its own. Throws when it can't be run: that is no catch. */
export async function runMutant(mutant: Mutant): Promise<Caught> {
  const planted = await plantMutant(mutant);
  try {
    const { results, seconds, operations } = await rush({ root: planted.root });
    const failures = failuresOf(results);
    const by = failures.filter(({ verdict }) => verdict === 'broken');
    const undecided = failures.filter(({ verdict }) => verdict === 'unknown');
    // A rush in which nothing happened has caught nobody.
    if (by.length === 0 && undecided.length > 0)
      throw new Error(
        `${mutant.name}: ${undecided.map(({ check, evidence }) => `${check}: ${evidence[0]}`).join('; ')}`,
      );
    const [first] = by;
    return { name: mutant.name, by: by.map(({ check }) => check), evidence: first?.evidence[0], seconds, operations };
  } finally {
    await planted.remove();
  }
}
