import { failuresOf } from '../checks/run-checks.ts';
import { rush } from '../rush/rush.ts';
import { type Mutant, plantMutant, type Vehicle } from './mutant.ts';
import { simulateMutant } from './simulate-mutant.ts';

export type Caught = {
  readonly name: string;
  readonly vehicle: Vehicle;
  /** The checks that found it; none: it survived. */
  readonly by: readonly string[];
  readonly evidence: string | undefined;
  /** From the first request on. */
  readonly seconds: number;
};

/** Without a bug; each kind of run must find nothing in it. */
export const controls: readonly Mutant[] = [
  { name: 'control', bug: 'none', edits: [], vehicle: 'rush' },
  { name: 'simulated-control', bug: 'none', edits: [], vehicle: 'simulation' },
  { name: 'money-control', bug: 'none', edits: [], vehicle: 'money' },
  { name: 'books-control', bug: 'none', edits: [], vehicle: 'books' },
];

/**
 * One mutant, on databases of its own. Throws when it cannot be run, which does not count as caught.
 * @param patience how many times longer than on a quiet machine scenes and rest may take
 */
export async function runMutant(mutant: Mutant, patience = 1): Promise<Caught> {
  const planted = await plantMutant(mutant);
  const { name, vehicle = 'simulation' } = mutant;
  try {
    if (vehicle === 'rush') return { name, vehicle, ...(await rushThrough(planted.root, patience)) };
    return { name, vehicle, ...(await simulateMutant(planted.root, vehicle)) };
  } finally {
    await planted.remove();
  }
}

async function rushThrough(root: string, patience: number): Promise<Omit<Caught, 'name' | 'vehicle'>> {
  const { results, seconds } = await rush({ root, patience });
  const failures = failuresOf(results);
  const by = failures.filter(({ verdict }) => verdict === 'broken');
  const undecided = failures.filter(({ verdict }) => verdict === 'unknown');
  // A rush in which nothing happened has caught nothing.
  if (by.length === 0 && undecided.length > 0)
    throw new Error(undecided.map(({ check, evidence }) => `${check}: ${evidence[0]}`).join('; '));
  return { by: by.map(({ check }) => check), evidence: by[0]?.evidence[0], seconds };
}
