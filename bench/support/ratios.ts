import type { Goal } from './report.ts';

/** A ratio below this share of the recorded one fails the check. */
export const LEAST_SHARE = 0.8;

export type Compared = { readonly name: string; readonly recorded: number; readonly measured: number };

/** The ratios that RESULTS.md records of a bench: those of its last section, by their names. */
export function recordedRatios(results: string, bench: string): ReadonlyMap<string, number> {
  const sections = results.split(/^## /m).filter((section) => section.startsWith(`${bench}, `));
  const [, table = ''] = sections.at(-1)?.split('**Against the goals**') ?? [];
  const rows = table.matchAll(/^\| (?<name>.+) \| [\d.,]+x \| (?<measured>[\d.,]+)x \|/gm);
  return new Map([...rows].map(({ groups }) => [groups?.name ?? '', Number(groups?.measured?.replaceAll(',', ''))]));
}

/**
 * Each recorded ratio beside the measured one; a ratio that was not measured is 0, and of several measurements the best
 * one counts, because another program may have used the machine during one of them.
 */
export function compareRatios(recorded: ReadonlyMap<string, number>, runs: readonly (readonly Goal[])[]): Compared[] {
  return [...recorded].map(([name, ratio]) => {
    const measured = runs.flatMap((goals) => goals.filter((goal) => goal.name === name).map((goal) => goal.measured));
    return { name, recorded: ratio, measured: Math.max(0, ...measured.filter(Number.isFinite)) };
  });
}

export const isWorse = ({ recorded, measured }: Compared): boolean => measured < recorded * LEAST_SHARE;
