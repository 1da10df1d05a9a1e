import type { Db } from '#db/client.ts';
import { openBatches } from '../batches.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { alternativesTo, mergedRanges, neighbourhood } from './alternatives-rules.ts';
import type { BookingState } from './inventory-command.ts';
import { readBookingsByKey, readSnapshot } from './inventory-read-statements.ts';
import { keyOf } from './request-key-rules.ts';

export type LostRace = {
  readonly eventId: string;
  readonly plan: SeatingPlan;
  readonly orphanPolicy: OrphanPolicy;
  readonly userId: string;
  readonly idempotencyKey: string;
  readonly seatNos: readonly number[];
  /** Those of `seatNos` that other requests have locked: PostgreSQL may not know yet that they are taken. */
  readonly lockedSeatNos: readonly number[];
};

export type LostRaceAnswer = {
  /** The booking that was made with the key before. */
  readonly earlier: BookingState | undefined;
  /** No wanted seat is taken in PostgreSQL: the request that has the locks may still lose. */
  readonly mayBeWon: boolean;
  readonly alternatives: readonly (readonly number[])[];
  readonly version: number;
};

export type LostRaces = {
  look(race: LostRace): Promise<LostRaceAnswer>;
  /** The booking that was made with the key before, even if its seats were released since. */
  earlier(of: BookingKey & Pick<LostRace, 'eventId'>): Promise<BookingState | undefined>;
};

type BookingKey = Pick<LostRace, 'userId' | 'idempotencyKey'>;

const MAX_BATCH = 256;

/**
 * Finds what a caller whom the seat locks refused gets: the booking, if the key has one, otherwise the nearest free
 * seats. All losers of an event that wait while two statements run are served by the next two statements, so that a
 * thousand losers cost PostgreSQL as much as ten.
 */
export function openLostRaces({ db }: { db: Db }): LostRaces {
  const looking = openBatches<LostRace, LostRaceAnswer>({
    most: MAX_BATCH,
    run: (eventId, races) => answersTo(db, eventId, races),
  });
  const earlier = openBatches<BookingKey, BookingState | undefined>({
    most: MAX_BATCH,
    run: async (_eventId, keys) => {
      const found = new Map(
        (await readBookingsByKey(db, keys)).map((booking) => [keyOf(booking.userId, booking.idempotencyKey), booking]),
      );
      return keys.map((key) => found.get(keyOf(key.userId, key.idempotencyKey)));
    },
  });
  return {
    earlier: ({ eventId, ...key }) => earlier.add(eventId, key),
    look: (race) => looking.add(race.eventId, race),
  };
}

async function answersTo(db: Db, eventId: string, races: readonly LostRace[]): Promise<LostRaceAnswer[]> {
  const [earlier, { version, taken }] = await Promise.all([
    readBookingsByKey(db, races),
    readSnapshot(db, eventId, {
      seatNos: [...new Set(races.flatMap((race) => race.seatNos))],
      ranges: mergedRanges(races.map((race) => neighbourhood(race.seatNos, race.plan))),
    }),
  ]);
  const byKey = new Map(earlier.map((booking) => [keyOf(booking.userId, booking.idempotencyKey), booking]));
  return races.map((race) => {
    const locked = new Set(race.lockedSeatNos);
    const isFree = (seatNo: number) => !taken.has(seatNo) && !locked.has(seatNo);
    const within = neighbourhood(race.seatNos, race.plan);
    return {
      earlier: byKey.get(keyOf(race.userId, race.idempotencyKey)),
      mayBeWon: race.seatNos.every((seatNo) => !taken.has(seatNo)),
      alternatives: alternativesTo(race.seatNos, within, race.plan, { isFree, policy: race.orphanPolicy }),
      version,
    };
  });
}
