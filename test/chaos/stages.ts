import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { announceEvents, seedEvent } from '#test/support/databases/catalog.ts';
import type { Stage } from './clients/protocol.ts';

export type StageSizes = { readonly hotEvents: number; readonly hotSeats: number; readonly wideEvents: number };

const WIDE_SEATS = 2_000;
const CANCELLABLE_SECONDS = 24 * 3600;

/** Events with few seats that many fans want, and events with enough seats for all fans; all on sale. */
export async function seedStages(db: Db, sizes: StageSizes): Promise<Stage[]> {
  const { hotEvents, hotSeats, wideEvents } = sizes;
  const of = { cancellableForSeconds: CANCELLABLE_SECONDS };
  const stages: Stage[] = [];
  const hall = await seedEvent(db, { ...of, seats: hotSeats, rows: 4, title: 'Chaos in a small hall' });
  const arena = await seedEvent(db, { ...of, seats: WIDE_SEATS, rows: 40, sections: 5, title: 'Chaos in an arena' });
  const add = (eventId: string, like: typeof hall, isHot: boolean) =>
    stages.push({ eventId, planId: like.planId, seatCount: like.seatCount, isHot });
  add(hall.eventId, hall, true);
  add(arena.eventId, arena, false);
  for (let index = 1; index < hotEvents; index++)
    add(
      (await seedEvent(db, { ...of, seats: hotSeats, title: 'Chaos in a small hall', like: hall })).eventId,
      hall,
      true,
    );
  for (let index = 1; index < wideEvents; index++)
    add(
      (await seedEvent(db, { ...of, seats: WIDE_SEATS, title: 'Chaos in an arena', like: arena })).eventId,
      arena,
      false,
    );
  await announceEvents(
    db,
    stages.map(({ eventId }) => eventId),
  );
  return stages;
}

/** Accounts that need no sign-in. */
export async function seedFans(db: Db, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUIDv7());
  await db.execute(sql`insert into users (id, email, display_name)
    select id, id || '@example.org', 'Fan' from unnest(${sql.param(ids)}::uuid[]) as id`);
  return ids;
}
