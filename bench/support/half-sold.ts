import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { OrphanPolicy } from '#domain/catalog/event-life/event-values-rules.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { bestAvailable, prepareHall } from '#domain/inventory/best-available-rules.ts';
import { FreeSeats } from '#domain/inventory/free-seats-rules.ts';
import { seededRandom } from '#test/fans/random.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { Durations } from './rounds.ts';

const STADIUM = { seats: 90_000, sections: 60, rows: 50 };

/** A stadium of 90,000 seats: 60 sections, each with 50 rows of 30 seats. */
export const seedStadium = (db: Db): Promise<SeededEvent> => seedEvent(db, STADIUM);

/** Another event in the stadium, of which every other pair of seats, by a random order, is not for sale any more. */
export async function seedHalfSold(db: Db, like: SeededEvent): Promise<string> {
  const { organizerId } = like;
  const { eventId } = await seedEvent(db, { ...STADIUM, like, organizerId });
  await db.execute(sql`insert into event_seats (event_id, seat_no, status)
    select ${eventId}, seat_no, 'BLOCKED' from generate_series(0, ${like.seatCount - 1}::int) as seat_no
    where hashint4(seat_no / 2) % 2 = 0`);
  await db.execute(sql`update seat_inventories i set blocked = taken.count, available = i.capacity - taken.count
    from (select count(*) as count from event_seats where event_id = ${eventId}) taken where i.event_id = ${eventId}`);
  return eventId;
}

/** Of the choices in one row, and of those in two because no row has room. */
export type ChoiceFigures = Readonly<Record<'one row' | 'two rows', ReturnType<typeof figuresOf>>>;

const figuresOf = (durations: Durations) => ({ count: durations.count, ...durations.summary() });

/**
 * How long the choice of the best seats takes while the event is locked. Parties of one to eight come until so many have
 * chosen; what they chose is taken. The rows of the plan are found before, because the writer does so before it locks.
 */
export async function timeChoices(
  db: Db,
  { plan, choices, policy }: { plan: SeededEvent; choices: number; policy: OrphanPolicy },
): Promise<ChoiceFigures> {
  const { next: random } = seededRandom(12);
  const hall = await openSeatingPlanCache({ db }).get(plan.planId);
  const free = new FreeSeats(Uint8Array.from({ length: plan.seatCount }, () => (random() < 0.5 ? 1 : 0)));
  prepareHall(hall);
  const [oneRow, twoRows] = [new Durations(), new Durations()];
  for (let choice = 0; choice < choices; choice++) {
    const party = { size: 1 + (choice % 8), wheelchairPlaces: 0 };
    const askedAt = performance.now();
    // As the writer does: the choice is made in a copy, and the seats are taken once it is committed.
    const seatNos = bestAvailable(hall, { party, policy, free: free.fork(hall), isWanted: () => true });
    const ms = performance.now() - askedAt;
    const rows = new Set(seatNos?.map((seatNo) => hall.rowOf[seatNo]));
    (rows.size === 1 ? oneRow : twoRows).add(ms);
    for (const seatNo of seatNos ?? []) free.set(seatNo, false);
  }
  return { 'one row': figuresOf(oneRow), 'two rows': figuresOf(twoRows) };
}
