import { expect, test } from 'vitest';
import { mutants } from './all-mutants.ts';
import { runMutant } from './run-mutants.ts';

test.each([
  ['counters-not-updated', 'I04'],
  ['answer-before-notice-is-stored', 'I17P'],
])('%s is caught', { timeout: 180_000 }, async (name, check) => {
  const mutant = mutants.find((one) => one.name === name);
  if (!mutant) throw new Error(`There is no mutant ${name}.`);
  expect((await runMutant(mutant)).by).toContain(check);
});
