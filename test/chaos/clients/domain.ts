import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Booking } from '#domain/booking/booking.ts';
import { findBooking, listBookings } from '#domain/booking/booking-queries.ts';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { SeatsUnavailable } from '#domain/booking/errors.ts';
import { visibleStatus } from '#domain/booking-status.ts';
import { DomainError } from '#domain/errors.ts';
import { encodeSeatId } from '#domain/global-id-rules.ts';
import { statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { isOutage } from '#domain/outages.ts';
import type { Viewer } from '#domain/viewer.ts';
import { type Random, seededRandom, seedFor } from '#test/fans/random.ts';
import { type HistoryRecord, instant, type Outcome } from '../history.ts';
import { answerOf, newViewer, openDomainNeeds, seatMapStateOf } from './domain-needs.ts';
import { Pacer } from './pacer.ts';
import { keepImporting } from './programme.ts';
import type { ClientConfig, Stage } from './protocol.ts';
import { type Notebook, type Phase, runClients } from './run-clients.ts';

/**
 * Callers of the domain operations, with all handles of a product process but without HTTP and GraphQL: as many
 * attempts at few seats as PostgreSQL and Redis can process.
 */
export type DomainConfig = ClientConfig & {
  /** The configuration of the product's processes. */
  readonly env: Readonly<Record<string, string>>;
};

type Needs = ReturnType<typeof openDomainNeeds>;
type Called = { from: number; to: number; outcome: Outcome; code?: string };
/** `lost`: the outcome is still unknown; the same key reveals it. */
type Attempt = { stage: Stage; seatNos: number[]; key: string; viewer: Viewer; bookingId?: string };

runClients<DomainConfig>(async (config, notebook, phase) => {
  const needs = openDomainNeeds(config.env);
  const pacer = new Pacer(config.operationsPerSecond);
  const stages = config.stages.filter(({ isHot }) => isHot);
  const lanes = Array.from({ length: config.lanes }, (_, index) => {
    const random = seededRandom(seedFor(config.seed, `${config.name} ${index}`));
    const lane = new Lane({ needs, notebook, phase, stages, random, pacer, usesRedis: index % 4 !== 0 });
    return index % 4 === 3 ? lane.look() : lane.run();
  });
  const random = seededRandom(seedFor(config.seed, 'programme'));
  const importing = keepImporting({ url: config.env.DATABASE_URL ?? '', notebook, phase, random });
  await Promise.all([...lanes, importing]);
  await needs.resources[Symbol.asyncDispose]();
  needs.redis.disconnect();
});

type LaneParts = {
  needs: Needs;
  notebook: Notebook;
  phase: Phase;
  stages: readonly Stage[];
  random: Random;
  pacer: Pacer;
  usesRedis: boolean;
};

const KEPT_BOOKINGS = 4;
const BOOKINGS_PER_USER = 5;
/** While a store is away the callers do not ask a thousand times a second. */
const AWAY_MS = 50;
const LOOKS_EVERY_MS = 40;

class Lane {
  readonly #parts: LaneParts;
  readonly #held: Attempt[] = [];
  #lost: Attempt[] = [];
  #viewer: Viewer = newViewer();
  #bookings = 0;
  /** The content of the last refusal. */
  #awayMs = AWAY_MS;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { phase, pacer } = this.#parts;
    while (!phase.isFinishing) {
      await pacer.turn();
      const known = await this.#act();
      if (!known) await sleep(this.#awayMs);
    }
    await this.#resolve();
  }

  /** Most of the crowd only reads the seats. */
  async look(): Promise<void> {
    const { phase, pacer, random, stages } = this.#parts;
    while (!phase.isFinishing) {
      await pacer.turn();
      await this.#readMap(random.pick(stages));
      await sleep(LOOKS_EVERY_MS);
    }
  }

  /** Finds the outcome of the unknown attempts: the same key reveals it. */
  async #resolve(): Promise<void> {
    for (let round = 0; this.#lost.length > 0 && round < 120; round++) {
      const lost = this.#lost;
      this.#lost = [];
      for (const attempt of lost) await this.#hold(attempt, 'repeat');
      if (this.#lost.length > 0) await sleep(this.#awayMs);
    }
    for (const { key } of this.#lost) this.#parts.notebook.tally.problem(`What came of the hold ${key} is not known.`);
  }

  /** False when a store was away. */
  async #act(): Promise<boolean> {
    const { random } = this.#parts;
    const chance = random.next();
    const again = this.#lost.shift();
    if (again) return this.#hold(again, 'repeat');
    const mine = this.#held.length > 0 ? random.pick(this.#held) : undefined;
    if (mine && chance < 0.2) return this.#hold(mine, 'replay');
    if (mine && chance < 0.203) return this.#cancel(mine);
    if (mine && chance < 0.213) return this.#readBooking(mine);
    if (mine && chance < 0.218) return this.#readBookings(mine.viewer);
    if (chance < 0.35) return this.#readMap(random.pick(this.#parts.stages));
    if (chance < 0.355) return this.#readSeats(random.pick(this.#parts.stages));
    return this.#hold(this.#newAttempt(), 'hold');
  }

  #newAttempt(): Attempt {
    const { random, stages } = this.#parts;
    if (this.#bookings >= BOOKINGS_PER_USER) {
      this.#viewer = newViewer();
      this.#bookings = 0;
    }
    const stage = random.pick(stages);
    const first = random.below(stage.seatCount - 1);
    const seatNos = random.chance(0.5) ? [first] : [first, first + 1];
    return { stage, seatNos, key: randomUUIDv7(), viewer: this.#viewer };
  }

  async #hold(attempt: Attempt, how: 'hold' | 'replay' | 'repeat'): Promise<boolean> {
    const { needs, notebook, usesRedis } = this.#parts;
    const { stage, seatNos, key, viewer } = attempt;
    const { eventId: event, planId } = stage;
    const seatIds = seatNos.map((seatNo) => encodeSeatId(planId, seatNo));
    const from = instant();
    const record = { kind: 'hold', user: viewer.userId, key, event, seats: seatNos, from } as const;
    try {
      const request = { eventId: event, seatIds, idempotencyKey: key };
      const { booking, replayed } = await createBooking(
        usesRedis ? needs.booking : needs.bookingAlone,
        viewer,
        request,
      );
      const answer = answerOf(booking, replayed);
      notebook.history.write({ ...record, to: instant(), outcome: 'ok', answer });
      notebook.tally.count(how, 'ok');
      this.#keep(attempt, how, booking, replayed);
      return true;
    } catch (error) {
      const { outcome, code } = this.#outcomeOf(error, how);
      const taken = error instanceof SeatsUnavailable ? { taken: error.seatNos } : {};
      notebook.history.write({ ...record, to: instant(), outcome, code, ...taken });
      if (outcome === 'unknown') this.#lost.push(attempt);
      if (code === 'TOO_MANY_SEATS') this.#bookings = BOOKINGS_PER_USER;
      return outcome !== 'unknown';
    }
  }

  #keep(attempt: Attempt, how: 'hold' | 'replay' | 'repeat', booking: Booking, replayed: boolean): void {
    const { tally, acks } = this.#parts.notebook;
    if (how === 'replay') return;
    // The first answer to a new key says that it was done before: its commit was.
    if (how === 'hold' && replayed) tally.observe('commit unknown, found by key in the writer');
    if (how === 'repeat' && replayed) tally.observe('commit unknown, found by key by the client');
    const { id, userId: user, eventId: event } = booking;
    void acks.write({ at: instant(), what: 'held', booking: id, user, event });
    this.#bookings += 1;
    this.#held.push({ ...attempt, bookingId: id });
    if (this.#held.length > KEPT_BOOKINGS) this.#held.shift();
  }

  /** A refusal is a definite no, unless it says that a store was too busy or away. No other error may happen. */
  #outcomeOf(error: unknown, how: string): { outcome: Outcome; code: string } {
    const { tally } = this.#parts.notebook;
    this.#awayMs = AWAY_MS;
    if (error instanceof DomainError) {
      if ('afterSeconds' in error.retry) this.#awayMs = 1000 * (error.retry.afterSeconds ?? 0);
      const outcome = error.code === 'TRY_AGAIN' ? 'unknown' : 'refused';
      tally.count(how, outcome, error.code);
      return { outcome, code: error.code };
    }
    const code = isOutage(error) ? 'AWAY' : 'INTERNAL';
    tally.count(how, 'unknown', code);
    if (code === 'INTERNAL') tally.problem(`${how} threw: ${error instanceof Error ? error.stack : String(error)}`);
    return { outcome: 'unknown', code };
  }

  async #cancel(mine: Attempt): Promise<boolean> {
    const { needs, notebook } = this.#parts;
    const { stage, seatNos: seats, viewer, bookingId: booking = '' } = mine;
    const record = {
      kind: 'cancel',
      user: viewer.userId,
      booking,
      event: stage.eventId,
      seats,
      from: instant(),
    } as const;
    try {
      await cancelBooking(needs, viewer, { bookingId: booking });
      notebook.history.write({ ...record, to: instant(), outcome: 'ok' });
      notebook.tally.count('cancel', 'ok');
      const { user, event } = record;
      void notebook.acks.write({ at: instant(), what: 'cancelled', booking, user, event });
      this.#held.splice(this.#held.indexOf(mine), 1);
      return true;
    } catch (error) {
      const { outcome, code } = this.#outcomeOf(error, 'cancel');
      notebook.history.write({ ...record, to: instant(), outcome, code });
      if (outcome === 'refused') this.#held.splice(this.#held.indexOf(mine), 1);
      return outcome !== 'unknown';
    }
  }

  async #readBooking({ viewer, bookingId = '' }: Attempt): Promise<boolean> {
    return this.#read(
      'booking',
      () => findBooking(this.#parts.needs.db, viewer, bookingId),
      (called, booking) => ({
        kind: 'bookings',
        user: viewer.userId,
        only: bookingId,
        ...called,
        ...(called.outcome === 'ok' && { bookings: booking ? [[booking.id, visibleStatus(booking)] as const] : [] }),
      }),
    );
  }

  async #readBookings(viewer: Viewer): Promise<boolean> {
    return this.#read(
      'bookings',
      () => listBookings(this.#parts.needs.db, viewer, { window: { size: 20, from: 'start' } }),
      (called, page) => ({
        kind: 'bookings',
        user: viewer.userId,
        ...called,
        ...(page && {
          bookings: page.items.map((booking) => [booking.id, visibleStatus(booking)] as const),
          hasMore: page.hasMore,
        }),
      }),
    );
  }

  async #readMap({ eventId: event }: Stage): Promise<boolean> {
    return this.#read(
      'seatMap',
      () => this.#parts.needs.maps.current(event),
      (called, map) => ({ kind: 'map', event, ...called, ...(map && { map: seatMapStateOf(map) }) }),
    );
  }

  /** From PostgreSQL itself. */
  async #readSeats({ eventId: event, seatCount }: Stage): Promise<boolean> {
    const first = this.#parts.random.below(seatCount - 4);
    const seats = [first, first + 1, first + 2, first + 3];
    return this.#read(
      'seats',
      () => loadSeatMap(this.#parts.needs.db, event),
      (called, state) => ({
        kind: 'seats',
        event,
        seats,
        ...called,
        ...(state && { states: seats.map((seatNo) => statusAt(state.packed, seatNo)) }),
      }),
    );
  }

  async #read<Answer>(
    name: string,
    look: () => Promise<Answer>,
    recordOf: (called: Called, answer: Answer | undefined) => HistoryRecord,
  ): Promise<boolean> {
    const { history, tally } = this.#parts.notebook;
    const from = instant();
    try {
      const answer = await look();
      history.write(recordOf({ from, to: instant(), outcome: 'ok' }, answer));
      tally.count(name, 'ok');
      return true;
    } catch (error) {
      const { outcome, code } = this.#outcomeOf(error, name);
      history.write(recordOf({ from, to: instant(), outcome, code }, undefined));
      return outcome !== 'unknown';
    }
  }
}
