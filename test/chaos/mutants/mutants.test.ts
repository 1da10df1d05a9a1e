import { expect, test } from 'vitest';
import { mutants } from './all-mutants.ts';
import { mutatedFiles, plantMutant } from './mutant.ts';
import { readSimulation } from './simulate-mutant.ts';

test('there are at least two dozen planted bugs, each with a name of its own', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(24);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test.each(mutants)('$name still fits the source: $bug', async (mutant) => {
  const files = await mutatedFiles(mutant);
  expect(files.size).toBeGreaterThan(0);
});

test('a bug that no longer fits does not count as caught', async () => {
  const edits = [{ file: 'src/db/inbox.ts', find: 'something that is not there', replace: '' }];
  await expect(plantMutant({ name: 'nothing', bug: 'none', edits })).rejects.toThrow('has 0 times');
});

test('the output of a simulation is a verdict only when it finished', () => {
  const end = '20 seeds in 4 s: 1 broke a promise.\n';
  const told = `${end}The last of its history:\n  one\nBroken by seed 3:\n  I03  a seat is sold twice\n  H1  b1 is gone\n`;
  expect(readSimulation(`${told}broken: I03 H1\n`)).toEqual({
    by: ['I03', 'H1'],
    evidence: 'I03  a seat is sold twice',
    seconds: 4,
  });
  expect(readSimulation('20 seeds in 31 s: 0 broke a promise.\n').by).toEqual([]);
  expect(() => readSimulation('', 'SyntaxError: no')).toThrow('SyntaxError: no');
  expect(() => readSimulation(`${end}Seed 1 has two histories: a, b\nbroken: DETERMINISM\n`)).toThrow('two histories');
});
