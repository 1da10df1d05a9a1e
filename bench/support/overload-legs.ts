import type { BenchChild } from '#test/support/system/child.ts';
import { memoryOf, type Watched } from '#test/support/system/cpu.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import { type Cost, LOADER, runLeg } from './http-legs.ts';
import type { Table } from './report.ts';
import type { StormFigures, StormLoad } from './storm-load.ts';

export type Measured = StormFigures & Cost & { readonly mostMemory: number };

const LOOK_EVERY_MS = 500;
const NORMAL_MS = 100;

/** Sends the load, and looks at the memory of the api process meanwhile. */
export async function runStorm(child: BenchChild, load: StormLoad, watched: readonly Watched[]): Promise<Measured> {
  const [api] = watched;
  let mostMemory = 0;
  const timer = setInterval(() => {
    if (api) mostMemory = Math.max(mostMemory, memoryOf(api));
  }, LOOK_EVERY_MS);
  try {
    const leg = await runLeg<StormFigures>(child, load, watched);
    return { ...leg, mostMemory };
  } finally {
    clearInterval(timer);
  }
}

/** Seconds until the process is itself again; undefined when it is not within the time that was watched. */
export function secondsUntilNormal({ after }: StormFigures): number | undefined {
  const last = after.findLastIndex(({ p99Ms, failed }) => !(p99Ms <= NORMAL_MS) || failed > 0);
  return last === after.length - 1 ? undefined : (last + 1) / 2;
}

const cpuShare = ({ cpu, seconds }: Measured, role: string) => `${figure((cpu.get(role) ?? 0) / seconds / 1e4)} %`;
const aSecond = (count: number, { seconds }: Measured): string => figure(count / seconds);

export function stormTable(title: string, sides: ReadonlyMap<string, Measured>, limit: number): Table {
  const rows = [...sides].map(([side, of]) => [
    side,
    aSecond(of.arrived, of),
    `${aSecond(of.good, of)} (${figure((100 * of.good) / of.seconds / limit)} %)`,
    `${figure(of.goodP50Ms)} / ${figure(of.goodP99Ms)}`,
    aSecond(of.refused, of),
    `${figure(of.refusedP50Ms)} / ${figure(of.refusedP99Ms)}`,
    `${of.wrong} / ${of.broken} / ${of.unanswered}`,
    figure((of.cpu.get('node') ?? 0) / (of.good + of.refused)),
    `${cpuShare(of, 'node')} / ${cpuShare(of, 'PostgreSQL')} / ${cpuShare(of, LOADER)}`,
    megabytes(of.mostMemory),
    figure(of.lateMs),
    `${secondsUntilNormal(of) ?? 'more than 4'} s`,
  ]);
  const head = ['', 'arrive/s', 'good/s (of the limit)', 'good p50 / p99 ms', 'refused/s', 'refused p50 / p99 ms'];
  const cost = ['node us an answer', 'node / PostgreSQL / generator, of a core', 'most memory', 'generator late ms'];
  return { title, head: [...head, 'wrong / broken / unanswered', ...cost, 'normal again after'], rows };
}

/** What becomes of callers that are not the storm. */
export function loneTable(title: string, mixed: ReadonlyMap<string, Measured>): Table {
  const rows = [...mixed].map(([name, of]) => [
    name,
    aSecond(of.arrived, of),
    `${figure((100 * of.good) / of.arrived)} %`,
    `${figure(of.goodP50Ms)} / ${figure(of.goodP99Ms)}`,
    `${figure((100 * of.refused) / of.arrived)} %`,
    `${of.wrong} / ${of.broken} / ${of.unanswered}`,
  ]);
  return { title, head: ['', 'arrive/s', 'good', 'good p50 / p99 ms', 'refused', 'wrong / broken / unanswered'], rows };
}
