import type { BenchChild } from '#test/support/system/child.ts';
import { type CpuSample, cpuBetween, memoryOf, sampleCpu, type Watched } from '#test/support/system/cpu.ts';
import { figure, megabytes } from '#test/support/system/figures.ts';
import type { HttpFigures, HttpLoad } from './http-load.ts';
import type { Table } from './report.ts';
import { median } from './rounds.ts';

export const LOADER = 'load generator';

export type HttpLeg = HttpFigures & Cost;
export type Cost = {
  readonly cpu: ReadonlyMap<string, number>;
  /** Of the server process and its stores, at the end. */
  readonly memory: ReadonlyMap<string, number>;
};

/** Sends the load and measures its cost for each process. `watched`: the server as `node`, and its stores. */
export function runHttpLeg(loader: BenchChild, load: HttpLoad, watched: readonly Watched[]): Promise<HttpLeg> {
  return runLeg<HttpFigures>(loader, load, watched);
}

/** Lets a process of the bench do its work, and measures the cost for each process. */
export async function runLeg<Figures>(
  loader: BenchChild,
  work: object,
  watched: readonly Watched[],
  onMoment: () => void = () => {},
): Promise<Figures & Cost> {
  const all = [...watched, { role: LOADER, pid: loader.pid }];
  const samples: CpuSample[] = [];
  const figures = await loader.ask<Figures>(work, () => {
    samples.push(sampleCpu(all));
    onMoment();
  });
  const [before, after] = samples;
  if (!before || !after) throw new Error('The load generator named no moments.');
  return { ...figures, cpu: cpuBetween(before, after), memory: new Map(all.map((one) => [one.role, memoryOf(one)])) };
}

export const perSecond = (leg: HttpLeg): number => leg.answered / leg.seconds;
export const cpuPerAnswer = (leg: HttpLeg, role: string): number => (leg.cpu.get(role) ?? 0) / leg.answered;
/** As a share of one core. */
export const cpuShare = (leg: HttpLeg, role: string): number => (leg.cpu.get(role) ?? 0) / (leg.seconds * 1e6);

export const medianOf = (legs: readonly HttpLeg[] | undefined, value: (leg: HttpLeg) => number): number =>
  median((legs ?? []).map(value));

/** One row per side: throughput, times, cost. */
export function httpTable(title: string, legs: ReadonlyMap<string, readonly HttpLeg[]>): Table {
  const rows = [...legs].map(([side, own]) => {
    const of = (value: (leg: HttpLeg) => number) => figure(medianOf(own, value));
    const all = own.map(perSecond);
    return [
      side,
      `${of(perSecond)} (${figure(Math.min(...all))} to ${figure(Math.max(...all))})`,
      of((leg) => leg.p50Ms),
      of((leg) => leg.p99Ms),
      of((leg) => leg.bytesPerAnswer),
      of((leg) => cpuPerAnswer(leg, 'node')),
      of((leg) => cpuPerAnswer(leg, 'PostgreSQL')),
      of((leg) => cpuPerAnswer(leg, 'Valkey')),
      megabytes(medianOf(own, (leg) => leg.memory.get('node') ?? 0)),
      `${of((leg) => 100 * cpuShare(leg, LOADER))} %`,
    ];
  });
  const head = ['', 'answers/s', 'p50 ms', 'p99 ms', 'bytes', 'node us', 'PostgreSQL us', 'Valkey us', 'node memory'];
  return { title, head: [...head, 'load generator, of a core'], rows };
}
