import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { plants } from './plants.ts';

const run = promisify(execFile);
const script = new URL('../../scripts/simulate.ts', import.meta.url).pathname;

/** In a process of its own, because it replaces the clock and the timers of the whole process. */
async function simulate(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [script, ...args]).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

test('some worlds of faults break no promise, and one seed has one history', async () => {
  const told = await simulate('--seeds', '2');
  expect(told).toContain('2 seeds');
  expect(told).toContain(': 0 broke a promise.');
  expect(new Set(told.match(/^seed +\d+ {2}[0-9a-f]{16}/gm)).size).toBe(2);
}, 180_000);

test('each planted fault of the world is noticed', async () => {
  const told = await simulate('--plants', '--seeds', '12');
  expect(told.match(/^noticed: /gm)).toHaveLength(plants.length);
}, 300_000);
