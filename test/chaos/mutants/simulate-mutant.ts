import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { brokerUrl } from '#test/support/servers/connection.ts';

/** Worlds, one after the other, until a promise is broken. */
const SEEDS = 20;
/** Of the simulation of money. */
const PAYMENTS = '20000';
/** The limit of a process of its own, which also has to start. */
const GIVE_UP_AFTER_MS = 200_000;

const programs = {
  simulation: ['scripts/simulate.ts', '--seeds', String(SEEDS), '--until-broken', '--quiet'],
  money: ['scripts/simulate.ts', '--money', '--payments', PAYMENTS],
  books: ['test/chaos/books/run-books.ts'],
} as const;

type Simulated = {
  /** The checks that found it, and the first finding. */
  readonly by: readonly string[];
  readonly evidence: string | undefined;
  /** From the first world's first request on, as the simulation measures it. */
  readonly seconds: number;
};

/**
 * The simulation, or the books, on the source below `root`, with its own checks.
 * @throws Error when it ended without a verdict
 */
export async function simulateMutant(root: string, vehicle: keyof typeof programs): Promise<Simulated> {
  // Only the books need a server.
  const env = vehicle === 'books' ? { ...process.env, TEST_SERVERS_URL: await brokerUrl() } : process.env;
  const limits = { timeout: GIVE_UP_AFTER_MS, killSignal: 'SIGKILL' } as const;
  const child = spawn(process.execPath, [...programs[vehicle]], { cwd: root, env, ...limits });
  const [told, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return readSimulation(told, complaints);
}

/** Parses the output of the simulation. Two histories of one seed are not a broken promise. */
export function readSimulation(told: string, complaints = ''): Simulated {
  const seconds = told.match(/^\d+ (?:seeds|payments|books) in (\d+) s: (\d+) broke a promise\.$/m);
  if (!seconds) throw new Error(`the simulation did not finish: ${(complaints || told).trim().slice(-500)}`);
  const by = told.match(/^broken: (.+)$/m)?.[1]?.split(' ') ?? [];
  if (by.includes('DETERMINISM')) throw new Error('the simulation had two histories of one seed.');
  const [evidence] = told.match(/(?<=^Broken by seed \d+:\n {2}).+$/m) ?? [];
  return { by, evidence, seconds: Number(seconds[1]) };
}
