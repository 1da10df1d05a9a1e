import { readFile } from 'node:fs/promises';
import { figure } from '#test/support/system/figures.ts';
import { compareRatios, isWorse, LEAST_SHARE, recordedRatios } from './support/ratios.ts';
import type { BenchOptions, Goal, Report } from './support/report.ts';

const ATTEMPTS = 3;

/**
 * Runs short versions of benches and compares their ratios with the recorded ones. A bench with a ratio that is too low
 * is repeated. Returns false when one stays too low.
 */
export async function checkRatios(
  benches: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<Report>>>>,
): Promise<boolean> {
  const results = await readFile(new URL('./RESULTS.md', import.meta.url), 'utf8');
  let isGood = true;
  for (const [name, load] of Object.entries(benches)) {
    const bench = await load();
    const recorded = recordedRatios(results, name);
    const runs: Goal[][] = [];
    let compared = compareRatios(recorded, runs);
    while (runs.length < ATTEMPTS && compared.some(isWorse)) {
      const { goals } = await bench({ quick: true, only: undefined, profile: undefined });
      runs.push([...goals]);
      compared = compareRatios(recorded, runs);
    }
    for (const one of compared)
      console.log(
        `${isWorse(one) ? 'worse' : 'ok   '} ${name}: ${one.name}: ${figure(one.measured)}x, recorded ${figure(one.recorded)}x`,
      );
    if (recorded.size === 0) console.log(`worse ${name}: RESULTS.md records no ratio`);
    isGood &&= recorded.size > 0 && !compared.some(isWorse);
  }
  if (!isGood) console.log(`A ratio is worse when it is below ${LEAST_SHARE} of the recorded one in ${ATTEMPTS} runs.`);
  return isGood;
}
