import type { NewAllocation } from './inventory-command.ts';

/** What the commands of one event say about its allocations, apart from their seats. */
export class AllocationNotes {
  readonly #endsAtMs: ReadonlyMap<string, number | null> | undefined;
  readonly #changes = new Map<string, NewAllocation | null>();

  /** @param endsAtMs when allocations end, by name, as it was read; null for never */
  constructor(endsAtMs: ReadonlyMap<string, number | null> | undefined) {
    this.#endsAtMs = endsAtMs;
  }

  /** By name. Null: the allocation has ended. */
  get changes(): ReadonlyMap<string, NewAllocation | null> {
    return this.#changes;
  }

  /** @param allocation null when it has ended */
  note(name: string, allocation: NewAllocation | null): void {
    const before = this.#changes.get(name);
    const fallback = before === null ? { reason: null, releaseAtMs: null } : before;
    const { reason = fallback?.reason, releaseAtMs = fallback?.releaseAtMs } = allocation ?? {};
    this.#changes.set(name, allocation && { name, reason, releaseAtMs });
  }

  /** When an allocation ends: null for never, undefined for an unknown allocation. */
  endOf(name: string): number | null | undefined {
    const noted = this.#changes.get(name);
    if (noted === null) return undefined;
    return noted?.releaseAtMs === undefined ? this.#endsAtMs?.get(name) : noted.releaseAtMs;
  }
}
