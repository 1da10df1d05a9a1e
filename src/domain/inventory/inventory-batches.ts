import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { isLockTimeout, isRetryable } from '#db/pg-errors.ts';
import { levelsOf } from '../catalog/seat-levels.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import { TryAgain } from '../errors.ts';
import { isOutage } from '../outages.ts';
import type { PriceLists } from '../pricing/price-lists.ts';
import { prepareSearch } from './best-seats-rules.ts';
import type { EventSales } from './event-sales.ts';
import { type BookingTransition, isOfBooking } from './inventory-command.ts';
import { movedSeatsOf, seatChangesOf } from './inventory-events.ts';
import type { LockPatience } from './inventory-read-statements.ts';
import type { InventoryPolicy } from './inventory-state.ts';
import type { EventWork, InventoryAnswer, InventoryRequest, Written } from './inventory-work.ts';
import { StaleRead } from './inventory-write-statements.ts';
import type { SeatChange } from './seat-change.ts';
import { type KeptSeatLock, lockOwner, type SeatLocks } from './seat-locks.ts';
import type { TakenSeats } from './taken-seats.ts';
import type { WriteHealth } from './write-health.ts';
import { SaleChanged, unknownEvent, writeInventory } from './write-inventory.ts';

/** A submitted command, and the promise of its caller. */
export type Entry = {
  readonly request: InventoryRequest;
  readonly deadlineAt: number;
  resolve(answer: InventoryAnswer): void;
  reject(error: unknown): void;
  isSettled: boolean;
};

/** Commands of one event, in order of arrival. */
export type Batch = { readonly eventId: string; readonly entries: readonly Entry[] };

export type Committed = {
  readonly eventId: string;
  readonly changes: readonly SeatChange[];
  /** Bookings that changed. New ones are left out: no client can be watching a booking that it does not know yet. */
  readonly bookings: readonly ChangedBooking[];
};

/** `version`: of the booking after a change that moved its seats. */
export type ChangedBooking = { readonly id: string; readonly version?: number };

type Needs = {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly priceLists: PriceLists;
  readonly policy: InventoryPolicy;
  readonly sales: EventSales;
  readonly health: WriteHealth;
  readonly takenSeats: TakenSeats;
  readonly seatLocks?: SeatLocks;
  readonly afterCommit?: (committed: Committed) => unknown;
};

/**
 * What one transaction wrote, batch by batch; undefined for an event that was locked. `startedAt`: by
 * `performance.now()`, before the transaction read the database's clock.
 */
type Run = { readonly written: readonly (Written | undefined)[]; readonly startedAt: number };

/** Of each kind: an outage that lasts must not use up the runs after it, which may find other prices. */
const MAX_RUNS = 6;

const freesSeats: ReadonlySet<BookingTransition['type']> = new Set(['expired', 'failed', 'cancelled', 'voided']);

/** A single event waits for its lock as long as a transaction may. */
const ALONE: LockPatience = { lockTimeoutMs: 2000, skipsLocked: false };
/**
 * Several events wait for ordinary transactions of other processes, but not for a stuck one that has one of them
 * locked.
 */
const TOGETHER: LockPatience = { lockTimeoutMs: 250, skipsLocked: false };
const WITHOUT_LOCKED: LockPatience = { lockTimeoutMs: 250, skipsLocked: true };

/**
 * Writes batches of commands and settles their entries, on success and on failure.
 *
 * Stages of a write:
 * - Together (several events): one transaction; each lock may take 250 ms.
 * - Without the locked ones: after a lock timeout, the same transaction again with SKIP LOCKED. `write` returns the
 *   batches of the skipped events with unsettled entries; the caller writes them alone later.
 * - Alone (one event): each lock may take 2 s, up to 6 runs that an outage ends, and up to 6 that an outdated read ends.
 *
 * Invariants: a batch is committed whole or not at all. `write` never rejects, and settles every entry of the batches
 * that it does not return. Seat locks and `afterCommit` are touched only after the commit.
 *
 * Failures:
 * - Any other error of several events: each event is written alone, so only the event at fault is affected.
 * - A stale read, a changed plan or price, an outage or a lost answer to a COMMIT: the event is run again from its start.
 * - Still an outage after the last run: every entry is rejected with `TryAgain`.
 * - Any other error: the batch is halved until the command at fault is alone, and is rejected with that error.
 * - `afterCommit` or a seat lock fails: ignored, because the outbox brings the same changes later.
 * - Each outage is noted in `health` for two minutes, or until a write that changes something succeeds.
 */
export class InventoryBatches {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Settles every entry, except those of the batches that it returns: other processes have their events locked. */
  async write(batches: readonly Batch[]): Promise<Batch[]> {
    const live = batches.filter((batch) => batch.entries.length > 0);
    const [only] = live;
    if (!only) return [];
    try {
      const { written, startedAt } = await (live.length > 1 ? this.#runTogether(live) : this.#runAlone(only));
      return live.filter((batch, index) => {
        const own = written[index];
        if (own) this.#answer(batch, own, startedAt);
        return !own;
      });
    } catch (error) {
      await this.#fail(live, error);
      return [];
    }
  }

  #answer({ eventId, entries }: Batch, written: Written, startedAt: number): void {
    this.#publish(eventId, written, startedAt);
    entries.forEach((entry, index) => {
      const answer = written.answers[index];
      if (answer) entry.resolve(answer);
    });
  }

  /**
   * One command may be at fault. The others must not fail with it, so they are written in smaller and smaller groups.
   */
  async #fail(batches: readonly Batch[], error: unknown): Promise<void> {
    const [first] = batches;
    if (!first) return;
    this.#needs.health.failed(error);
    if (batches.length > 1) await Promise.all(batches.map((batch) => this.write([batch])));
    else if (isPassing(error)) for (const entry of first.entries) entry.reject(new TryAgain(1, { cause: error }));
    else if (first.entries.length === 1) first.entries[0]?.reject(error);
    else {
      const middle = first.entries.length >> 1;
      for (const half of [first.entries.slice(0, middle), first.entries.slice(middle)])
        await this.write([{ eventId: first.eventId, entries: half.filter((entry) => !entry.isSettled) }]);
    }
  }

  /** Any other error belongs to one of the events, which is found when each of them is written alone. */
  async #runTogether(batches: readonly Batch[]): Promise<Run> {
    try {
      return await this.#once(batches, TOGETHER);
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      return await this.#once(batches, WITHOUT_LOCKED);
    }
  }

  /**
   * Runs again from the start when the answer to a COMMIT was lost. The lock makes the new run wait until the old one
   * has ended, with or without effect, and every command finds by its key or its booking what was done.
   */
  async #runAlone(batch: Batch): Promise<Run> {
    const runs = { passing: 0, outdated: 0 };
    for (;;) {
      try {
        return await this.#once([batch], ALONE);
      } catch (error) {
        const kind = isPassing(error) ? 'passing' : 'outdated';
        runs[kind] += 1;
        const isLast = runs[kind] === MAX_RUNS || batch.entries.every((entry) => entry.isSettled);
        if (isLast || !isTransient(error)) throw error;
        this.#forget(batch.eventId, error);
        if (kind === 'passing') await sleep(25 * 2 ** runs.passing);
      }
    }
  }

  /** What this process keeps about the event and what the error has shown to be outdated. */
  #forget(eventId: string, error: unknown): void {
    if (error instanceof SaleChanged) this.#needs.sales.forget(eventId);
    if (error instanceof StaleRead) this.#needs.takenSeats.forget(eventId);
  }

  async #once(batches: readonly Batch[], patience: LockPatience): Promise<Run> {
    const works = await Promise.all(batches.map((batch) => this.#workOf(batch)));
    const known = works.filter((work) => work !== undefined);
    const startedAt = performance.now();
    const written = known.length > 0 ? await writeInventory(this.#needs, known, patience) : [];
    if (written.some((own) => own?.allocation?.transitions.length)) failpoint('inventory.committed');
    known.forEach(({ eventId }, index) => {
      const allocation = written[index]?.allocation;
      if (allocation) this.#needs.takenSeats.committed(eventId, allocation);
    });
    const byEvent = new Map(known.map((work, index) => [work.eventId, written[index]]));
    const writtenOf = ({ eventId, entries }: Batch) =>
      byEvent.has(eventId) ? byEvent.get(eventId) : unknownEvent(entries.map((entry) => entry.request));
    return { written: batches.map(writtenOf), startedAt };
  }

  async #workOf({ eventId, entries }: Batch): Promise<EventWork | undefined> {
    const sale = await this.#needs.sales.find(eventId);
    if (!sale) return undefined;
    const requests = entries.map((entry) => entry.request);
    const { plans, priceLists } = this.#needs;
    const plan = await plans.get(sale.planId);
    // Only to have it: the write itself decides which list is in force.
    if (sale.priceListId !== null && !priceLists.peek(sale.priceListId)) await priceLists.get(sale.priceListId);
    const prices = sale.priceListId === null ? undefined : priceLists.peek(sale.priceListId);
    if (prices && requests.some(({ command }) => command.kind === 'holdBest'))
      prepareSearch(plan, levelsOf(prices, plan));
    return { eventId, plan, requests };
  }

  #publish(eventId: string, { allocation }: Written, startedAt: number): void {
    if (!allocation || allocation.transitions.length === 0) return;
    this.#needs.health.succeeded();
    const ofBookings = allocation.transitions.filter(isOfBooking);
    for (const transition of ofBookings) {
      if (!freesSeats.has(transition.type)) continue;
      const { userId, idempotencyKey } = transition.booking;
      void this.#needs.seatLocks?.release(eventId, lockOwner(userId, idempotencyKey), movedSeatsOf(transition));
    }
    const passedMs = performance.now() - startedAt;
    const kept = ofBookings.flatMap((transition) => keptLockOf(transition, passedMs));
    void this.#needs.seatLocks?.keep(eventId, kept);
    const known = ofBookings.filter(({ type }) => type !== 'held');
    const bookings = known.map((transition) => ({
      id: transition.booking.id,
      ...('version' in transition && { version: transition.version }),
    }));
    const committed = { eventId, changes: seatChangesOf(allocation.transitions), bookings };
    void tell(this.#needs, committed);
  }
}

/**
 * Times are by the database's clock, counted from the moment of the write. `passedMs`: the time since before the
 * database's clock was read, so that the lock does not last longer than its hold when the commit was slow.
 */
function keptLockOf({ type, booking }: BookingTransition, passedMs: number): KeptSeatLock[] {
  if (type !== 'held' && type !== 'extended') return [];
  const ttlMs = booking.holdExpiresAtMs - (booking.holdExtendedAtMs ?? booking.createdAtMs) - passedMs;
  const seatNos = booking.seats.map((seat) => seat.seatNo);
  return [{ owner: lockOwner(booking.userId, booking.idempotencyKey), seatNos, ttlMs }];
}

/** PostgreSQL is away, stuck or asks for another run; it does not refuse this very statement. */
const isPassing = (error: unknown): boolean => isOutage(error) || isRetryable(error);

/** The transaction read data that has changed since, or PostgreSQL was away: the same batch is run again. */
const isTransient = (error: unknown): boolean =>
  error instanceof StaleRead || error instanceof SaleChanged || isPassing(error);

async function tell({ afterCommit }: Needs, committed: Committed): Promise<void> {
  try {
    await afterCommit?.(committed);
  } catch {
    // The outbox brings the same changes a little later.
  }
}
