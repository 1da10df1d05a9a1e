import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { moneyMutants } from '#test/chaos/mutants/of-money.ts';
import { runMutant } from '#test/chaos/mutants/run-mutants.ts';
import { simulateMoney } from './simulate-money.ts';

const PATHS = [
  'cancelled',
  'dispute LOST',
  'dispute WON',
  'notice lost or late',
  'notice repeated',
  'part',
  'refund refused',
];

test('20,000 payments end without a difference, and one seed has one hash', () => {
  const [first, second, other] = [simulateMoney(1, 20_000), simulateMoney(1, 20_000), simulateMoney(2, 20_000)];
  expect(first.broken).toEqual([]);
  for (const { ours, gateways, trial } of first.totals.values()) expect([ours - gateways, trial]).toEqual([0, 0]);
  expect(second.hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
  for (const path of [
    ...PATHS,
    'part at the dashboard',
    'whole at the dashboard',
    'refund failed later',
    'unknown result',
  ])
    expect(first.reached.get(path), path).toBeGreaterThan(100);
}, 60_000);

test.each(moneyMutants)(
  '$name is caught: $bug',
  async (mutant) => {
    const { by, seconds } = await runMutant(mutant);
    expect(by.length).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
  },
  60_000,
);

test('the command ends with the code of its verdict', async () => {
  const script = new URL('../../../scripts/simulate.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--money', '--payments', '500']);
  expect(stdout).toMatch(/^hash [0-9a-f]{16}$/m);
}, 60_000);
