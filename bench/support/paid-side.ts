import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchChild } from '#test/support/system/child.ts';
import { type CpuSample, cpuBetween, sampleCpu } from '#test/support/system/cpu.ts';
import type { PaidFigures, PaidLoad } from './paid-crowd.ts';
import { type PaidSide, processes, type StoredBytes } from './paid-world.ts';

/** PostgreSQL's processes report their transactions once a second. */
const REPORTED_MS = 1_200;
/** How long the cost at rest is measured. */
const REST_MS = 6_000;
export const LOADER = 'load generator';

export type Leg = { readonly fans: number; readonly bookings: number };
export type Measured = PaidFigures & { readonly cpu: ReadonlyMap<string, number>; readonly transactions: number };
export type Stored = { readonly side: string; readonly bookings: number; readonly bytes: StoredBytes };
export type Rest = {
  readonly cpu: ReadonlyMap<string, number>;
  readonly transactions: number;
  readonly seconds: number;
};
/** One side with the load on it. */
export class Side {
  readonly #side: PaidSide;
  readonly #crowd: BenchChild;
  #pairs = 0;
  #bookings = 0;
  #tickets = 0;
  #begun: StoredBytes | undefined;

  constructor(side: PaidSide, crowd: BenchChild) {
    this.#side = side;
    this.#crowd = crowd;
  }

  get name(): string {
    return this.#side.name;
  }

  /** The cost counts until every consumer has read everything. */
  async measure({ fans, bookings }: Leg): Promise<Measured> {
    const { system, events, watched } = this.#side;
    const all = [...watched, { role: LOADER, pid: this.#crowd.pid }];
    await this.#side.atRest();
    this.#begun ??= await this.#side.bytes();
    await sleep(REPORTED_MS);
    const transactionsBefore = await this.#side.transactions();
    const samples: CpuSample[] = [];
    const load: PaidLoad = {
      apiPort: Number(new URL(system.apiUrl).port),
      gatewayPort: Number(new URL(system.gatewayUrl).port),
      tokenPrivateKey: system.env.TOKEN_PRIVATE_KEY ?? '',
      eventIds: events.map(({ eventId }) => eventId),
      planId: events[0]?.planId ?? '',
      fansAtATime: fans,
      bookings,
      firstPair: this.#pairs,
    };
    const figures = await this.#crowd.ask<PaidFigures>(load, (moment) => {
      if (moment === 'begin') samples.push(sampleCpu(all));
    });
    const looks = await this.#side.atRest();
    const [before] = samples;
    const after = sampleCpu(all);
    if (!before) throw new Error('The load generator named no moment.');
    await sleep(REPORTED_MS);
    const transactions = (await this.#side.transactions()) - transactionsBefore - looks;
    this.#pairs += Math.ceil(bookings / events.length);
    this.#bookings += bookings;
    this.#tickets += figures.tickets;
    return { ...figures, cpu: cpuBetween(before, after), transactions };
  }

  /** What the product costs without a fan, per second. */
  async rest(): Promise<Rest> {
    await this.#side.atRest();
    await sleep(REPORTED_MS);
    const [cpu, transactions, beganAt] = [
      sampleCpu(this.#side.watched),
      await this.#side.transactions(),
      performance.now(),
    ];
    await sleep(REST_MS);
    const seconds = (performance.now() - beganAt) / 1000;
    const used = cpuBetween(cpu, sampleCpu(this.#side.watched));
    return { cpu: used, transactions: (await this.#side.transactions()) - transactions - 1, seconds };
  }

  /** What all bookings so far have left on disk, and in the WAL. */
  async stored(): Promise<Stored> {
    const { wal, disk } = await this.#side.bytes();
    const bytes = { wal: wal - (this.#begun?.wal ?? 0), disk: disk - (this.#begun?.disk ?? 0) };
    return { side: this.name, bookings: this.#bookings, bytes };
  }

  async violations(): Promise<string[]> {
    const lost = this.#tickets === 2 * this.#bookings ? [] : [`Fans got ${this.#tickets} tickets.`];
    return [...lost, ...(await this.#side.violations(this.#bookings))].map((line) => `${this.name}: ${line}`);
  }
}

export const ourProcesses = processes.filter((role) => role !== 'gateway-sandbox');

/** Milliseconds of CPU per booking. */
export const cpuMs = ({ cpu, bookings }: Measured, roles: readonly string[]): number =>
  roles.reduce((sum, role) => sum + (cpu.get(role) ?? 0), 0) / 1000 / bookings;
