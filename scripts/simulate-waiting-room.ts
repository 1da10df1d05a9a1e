import { parseArgs } from 'node:util';
import { simulateOnSale } from '#test/support/waiting-room/waiting-room-simulation.ts';

/**
 * `npm run simulate:waiting-room -- --fans 1000000 --seeds 5`: runs whole on-sales on a virtual clock, with the rules of
 * the product. Prints one column for each seed; exits with 1 when a promise was broken.
 */
const { values } = parseArgs({
  options: {
    fans: { type: 'string', default: '1000000' },
    seeds: { type: 'string', default: '5' },
    capacity: { type: 'string', default: '5000' },
  },
});
const [fans, seeds, capacity] = [values.fans, values.seeds, values.capacity].map(Number);
if (![fans, seeds, capacity].every((number) => Number.isSafeInteger(number) && Number(number) > 0)) {
  console.error('usage: npm run simulate:waiting-room -- [--fans <n>] [--seeds <n>] [--capacity <n>]');
  process.exit(2);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const rows: Record<string, string | number>[] = [];
const draws = { chiSquare: 0, freedom: 0 };
const broken: string[] = [];
for (let seed = 1; seed <= Number(seeds); seed++) {
  const startedMs = performance.now();
  const figures = simulateOnSale({ fans: Number(fans), capacity: Number(capacity), seed });
  const { draw, shares, estimates } = figures;
  draws.chiSquare += draw.chiSquare;
  draws.freedom += draw.freedom;
  for (const [promise, times] of figures.broken) broken.push(`seed ${seed}: ${promise}: broken ${times} times`);
  rows.push({
    seed,
    calls: figures.calls,
    places: figures.places,
    entered: figures.entered,
    left: figures.ends.LEFT,
    missed: figures.ends.MISSED,
    hours: (figures.seconds / 3600).toFixed(1),
    'most inside': `${figures.mostInside} of ${figures.largestCapacity}`,
    'slots used': percent(figures.used),
    'chi-square': `${draw.chiSquare.toFixed(0)} (< ${draw.limit.toFixed(0)})`,
    'share people / bots': `${shares.people.toFixed(3)} / ${shares.bots.toFixed(3)}`,
    estimates: estimates.told,
    'within p90 / p50': `${percent(estimates.withinP90)} / ${percent(estimates.withinP50)}`,
    'p90 : actual': estimates.p90ToActual.map((ratio) => ratio.toFixed(2)).join(' / '),
    broken: figures.broken.size,
    seconds: ((performance.now() - startedMs) / 1000).toFixed(1),
  });
}
// One column for each seed, because a line of all figures would be wider than a terminal.
const names = Object.keys(rows[0] ?? {});
for (const name of names) {
  console.log([name.padEnd(20), ...rows.map((row) => String(row[name]).padStart(16))].join(''));
}
const limit = draws.freedom + 5 * Math.sqrt(2 * draws.freedom);
console.log(
  `\nAll draws together: chi-square ${draws.chiSquare.toFixed(0)} of ${draws.freedom} degrees (< ${limit.toFixed(0)}).`,
);
if (draws.chiSquare >= limit) broken.push('all draws together: who joins early has an advantage');
console.log(broken.length === 0 ? 'No promise was broken.' : broken.join('\n'));
process.exitCode = broken.length === 0 ? 0 : 1;
