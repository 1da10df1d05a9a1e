import { parseArgs } from 'node:util';
import { reportLines } from '#test/chaos/report.ts';
import { runChaos } from '#test/chaos/run-chaos.ts';

/**
 * `npm run chaos -- --seconds 120 --seed 1`: runs the whole product under load while each of its stores and processes
 * fails in turn, then without faults, then runs every check. Exits with 1 when a promise was broken, and then keeps the
 * files of the run.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    log: { type: 'string', default: 'postgres' },
    pace: { type: 'string', default: '1200' },
    fans: { type: 'string', default: '64' },
    lanes: { type: 'string', default: '3000' },
    rate: { type: 'string', default: '0' },
    'domain-rate': { type: 'string', default: '0' },
  },
});
const numbers = {
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  paceMs: Number(values.pace),
  fans: Number(values.fans),
  domainLanes: Number(values.lanes),
};
const rate = { fans: Number(values.rate), domain: Number(values['domain-rate']) };
const { log } = values;
const isUsable = [...Object.values(numbers), ...Object.values(rate)].every(
  (number) => Number.isSafeInteger(number) && number >= 0,
);
if (!isUsable || numbers.seconds < 10 || (log !== 'postgres' && log !== 'kafka')) {
  console.error(
    'usage: npm run chaos -- [--seconds <10 or more>] [--seed <n>] [--log postgres | kafka] [--pace <ms from fault to fault>] [--fans <n>] [--lanes <n>] [--rate <API operations a second>] [--domain-rate <n>]',
  );
  process.exit(2);
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
const beganAt = performance.now();
const tell = (line: string) => console.log(`${((performance.now() - beganAt) / 1000).toFixed(1).padStart(6)} ${line}`);
const running = runChaos({
  ...numbers,
  rate,
  log,
  holdTtlSeconds: 10,
  watchers: 24,
  hotEvents: 8,
  convergesWithinMs: 120_000,
  tell,
  signal: stopping.signal,
});
const result = await running.catch((error: unknown) => {
  if (!stopping.signal.aborted) throw error;
  console.log('Stopped early: nothing is left of the run.');
  process.exit(130);
});
for (const line of reportLines(result)) console.log(line);
if (result.folder)
  console.log(
    `Logs, history and databases: ${result.folder}\nAgain: npm run chaos -- --seconds ${numbers.seconds} --seed ${numbers.seed} --log ${log}`,
  );
process.exitCode = result.folder ? 1 : 0;
