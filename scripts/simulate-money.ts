import { simulateMoney } from '#test/simulation/money/simulate-money.ts';

/** `npm run simulate -- --money`: prints sums, paths and the hash. Returns whether every promise was kept. */
export function runMoney({ seed, payments }: { seed: number; payments: number }): boolean {
  const startedMs = performance.now();
  const run = simulateMoney(seed, payments);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  for (const [currency, { ours, gateways, trial }] of run.totals)
    console.log(
      `${currency}  ours ${ours}  gateway ${gateways}  difference ${ours - gateways}  trial balance ${trial}`,
    );
  for (const [path, count] of [...run.reached].sort()) console.log(`${String(count).padStart(9)}  ${path}`);
  const [first] = run.broken;
  console.log(`hash ${run.hash}`);
  console.log(`${payments} payments in ${seconds} s: ${run.broken.length} broke a promise.`);
  if (!first) return true;
  console.log(`Broken by seed ${seed}:\n  ${first}`);
  console.log(`broken: ${[...new Set(run.broken.map((line) => line.slice(0, line.indexOf(' '))))].join(' ')}`);
  return false;
}
