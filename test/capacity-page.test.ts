import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readResults } from '../scripts/capacity/results.ts';
import { capacityText } from '../scripts/capacity-text.ts';

test('docs/reference/capacity-model.md is up to date: npm run capacity:print writes it', () => {
  const page = readFileSync(new URL('../docs/reference/capacity-model.md', import.meta.url), 'utf8');
  expect(page).toBe(capacityText());
});

test('a figure is read from the newest run, and a missing one is an error', () => {
  const run = (value: string) =>
    `## holds, now\n\n**one event, 64**\n\n|  | p50 ms |\n| --- | ---: |\n| ours | ${value} |\n\n`;
  const { cell } = readResults(`${run('1.5')}${run('2,100 (1 to 3)')}`);
  const at = { bench: 'holds', table: 'one event', row: 'ours', column: 'p50 ms' };
  expect(cell(at)).toBe(2100);
  expect(() => cell({ ...at, column: 'p99 ms' })).toThrow(
    'bench/RESULTS.md has no p99 ms of "ours" in holds, one event',
  );
});
