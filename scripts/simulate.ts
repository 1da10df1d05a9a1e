import { parseArgs } from 'node:util';
import { type Plant, plants } from '#test/simulation/plants.ts';
import { brokenIds, explain, lineOf, minimise, Totals } from '#test/simulation/report.ts';
import { type FaultKind, faultKinds } from '#test/simulation/settings.ts';
import { openSimulator, type Run, type SimulationOptions, type Simulator } from '#test/simulation/simulate.ts';
import { runMoney } from './simulate-money.ts';

/**
 * `npm run simulate -- --seeds 200`: runs the product's own code on a virtual clock, in a world of faults that the seed
 * determines. Prints one line for each seed, then the sums. `--seed 17` replays one seed and prints its whole history.
 * `--money` runs a million payments against the gateway's books instead. `--plants` breaks the simulated world in one way after another, and prints which check noticed each. Exits with 1 when
 * a promise was broken, a seed gave two histories, or (from 100 seeds on) a rare path was never reached; a line
 * `broken: ...` then has the ids of the broken promises.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    without: { type: 'string', default: '' },
    plant: { type: 'string', multiple: true, default: [] },
    plants: { type: 'boolean', default: false },
    'until-broken': { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    money: { type: 'boolean', default: false },
    payments: { type: 'string', default: '1000000' },
  },
});

/** With this many seeds or more, every rare path has to be reached. */
const SEEDS_FOR_RARE_PATHS = 100;
/** One seed in this many is run twice: both histories must be the same. */
const REPEAT_EACH = 25;

const planted = new Set(values.plant.map((name) => oneOf<Plant>(plants, name)));
const without = new Set(
  values.without
    .split(',')
    .filter(Boolean)
    .map((name) => oneOf<FaultKind>(faultKinds, name)),
);
if (values.money) {
  const isKept = runMoney({ seed: wholeNumber(values.seed ?? '1'), payments: wholeNumber(values.payments) });
  process.exit(isKept ? 0 : 1);
}
const options: SimulationOptions = { plants: planted, without, stopsAtFirst: values['until-broken'] };
const simulator = await openSimulator();
try {
  if (values.plants) await showPlants(simulator, wholeNumber(values.from), wholeNumber(values.seeds));
  else if (values.seed === undefined) await runSeeds(simulator, wholeNumber(values.from), wholeNumber(values.seeds));
  else await replay(simulator, wholeNumber(values.seed));
} finally {
  await simulator.close();
}

async function runSeeds(simulator: Simulator, from: number, count: number): Promise<void> {
  const startedMs = performance.now();
  const totals = new Totals();
  const broken: Run[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const run = await simulator.run(seed, options);
    totals.add(run);
    tell(run);
    if (run.violations.length > 0) broken.push(run);
    if (broken.length > 0 && values['until-broken']) break;
    if ((seed - from) % REPEAT_EACH === 0) await repeat(simulator, run);
  }
  const [first] = broken;
  for (const line of totals.lines()) console.log(line);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`${count} seeds in ${seconds} s: ${broken.length} broke a promise.`);
  if (first) await explainFirst(simulator, first);
  else if (count >= SEEDS_FOR_RARE_PATHS && totals.unreached.length > 0) {
    process.exitCode = 1;
    console.log(`Never reached: ${totals.unreached.join(', ')}`);
  }
}

function tell(run: Run): void {
  const isBroken = run.violations.length > 0;
  if (isBroken || !values.quiet) console.log(`${lineOf(run)}${isBroken ? `  BROKEN ${brokenIds(run).join(' ')}` : ''}`);
}

async function explainFirst(simulator: Simulator, first: Run): Promise<void> {
  process.exitCode = 1;
  const spared = values['until-broken'] ? new Set<FaultKind>() : await minimise(simulator, first, options);
  for (const line of explain(first, spared, planted)) console.log(line);
}

/** Shows that the checks can fail; otherwise a run without findings would prove nothing. */
async function showPlants(simulator: Simulator, from: number, count: number): Promise<void> {
  for (const plant of plants) {
    const noticed = await firstBroken(simulator, plant, { from, count });
    console.log(
      noticed ? `noticed: ${plant}: ${brokenIds(noticed).join(' ')} by seed ${noticed.seed}` : `SURVIVED: ${plant}`,
    );
    if (!noticed) process.exitCode = 1;
  }
}

async function firstBroken(simulator: Simulator, plant: Plant, { from, count }: { from: number; count: number }) {
  for (let seed = from; seed < from + count; seed++) {
    const run = await simulator.run(seed, { plants: new Set([plant]), stopsAtFirst: true });
    if (run.violations.length > 0) return run;
  }
  return undefined;
}

async function repeat(simulator: Simulator, first: Run): Promise<void> {
  const second = await simulator.run(first.seed, options);
  if (second.hash === first.hash) return;
  process.exitCode = 1;
  console.log(`Seed ${first.seed} has two histories: ${first.hash}, ${second.hash}\nbroken: DETERMINISM`);
}

async function replay(simulator: Simulator, seed: number): Promise<void> {
  const run = await simulator.run(seed, { ...options, trace: (entry) => console.log(entry) });
  console.log(lineOf(run));
  if (run.violations.length === 0) return;
  process.exitCode = 1;
  for (const { id, what } of run.violations) console.log(`  ${id}  ${what}`);
  console.log(`broken: ${brokenIds(run).join(' ')}`);
}

function oneOf<T extends string>(known: readonly T[], name: string): T {
  const found = known.find((one) => one === name);
  if (found === undefined) usage(`There is no ${name}: ${known.join(', ')}`);
  return found;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) usage(`${text} is not a number of seeds.`);
  return number;
}

function usage(problem: string): never {
  console.error(`${problem}\nusage: npm run simulate -- [--seeds <n>] [--from <n>] [--seed <n>] [--without <kinds>]`);
  process.exit(2);
}
