import { expect, test } from 'vitest';
import { compareRatios, isWorse, recordedRatios } from './ratios.ts';

const section = (name: string, rows: readonly string[]) =>
  [
    `## ${name}, 2026-01-01 10:00 UTC`,
    '',
    '**Against the goals**',
    '',
    '| what | goal | measured |  |',
    '| --- |',
    ...rows,
  ].join('\n');

const results = `# Results\n
${section('holds', ['| one hot event, 64 | 20x | 8x | missed |'])}\n
${section('holds-e2e', ['| one hot event, 64 | 20x | 99x | met |'])}\n
${section('holds', ['| one hot event, 64 | 20x | 10.5x | missed |', '| bytes | 200x | 1,253x | met |'])}\n
## paid, 2026-01-01 10:00 UTC\n`;

test('the ratios of a bench are those of its last section', () => {
  expect([...recordedRatios(results, 'holds')]).toEqual([
    ['one hot event, 64', 10.5],
    ['bytes', 1253],
  ]);
  expect([...recordedRatios(results, 'paid')]).toEqual([]);
});

test('a ratio below four fifths of the recorded one is worse, and of several runs the best one counts', () => {
  const recorded = recordedRatios(results, 'holds');
  const goal = (measured: number) => ({ name: 'one hot event, 64', goal: 20, measured });
  const worse = (runs: number[]) =>
    compareRatios(
      recorded,
      runs.map((measured) => [goal(measured), { name: 'bytes', goal: 200, measured: 1253 }]),
    ).filter(isWorse);
  expect(worse([8.5])).toEqual([]);
  expect(worse([8.3])).toMatchObject([{ name: 'one hot event, 64', measured: 8.3 }]);
  expect(worse([2, 9])).toEqual([]);
  expect(worse([Number.NaN])).toHaveLength(1);
});

test('a recorded ratio that a run does not measure is worse', () => {
  expect(compareRatios(recordedRatios(results, 'holds'), [[]]).filter(isWorse)).toHaveLength(2);
});
