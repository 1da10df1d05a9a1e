import { expect, test } from 'vitest';
import { mutants } from './all-mutants.ts';
import { mutatedFiles, plantMutant } from './mutant.ts';

test('there are at least two dozen planted bugs, each with a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(24);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(mutants)('$name still fits the source: $bug', async (mutant) => {
  const files = await mutatedFiles(mutant);
  expect(files.size).toBeGreaterThan(0);
});

test('a bug that does not fit any more is no bug that was caught', async () => {
  const edits = [{ file: 'src/db/inbox.ts', find: 'something that is not there', replace: '' }];
  await expect(plantMutant({ name: 'nothing', bug: 'none', edits })).rejects.toThrow('has 0 times');
});
