import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { seatFlags } from '#domain/catalog/seat-features-rules.ts';
import { listOfTiers } from '#domain/pricing/tier-prices-rules.ts';
import { announceEvents, putPrices, type SeededEvent, seedEvent, seedUser } from '#test/support/databases/catalog.ts';
import type { CompanionSeat, Stage } from './clients/protocol.ts';

export type StageSizes = { readonly hotEvents: number; readonly hotSeats: number; readonly wideEvents: number };

const WIDE_SEATS = 2_000;
const CANCELLABLE_SECONDS = 24 * 3600;
const STALL_SEATS = 800;
const STALL_ROWS = 40;
const PLACES = 800;

export type Stages = { readonly stages: readonly Stage[]; readonly organizerId: string };

/**
 * Events with few seats that many fans want, and events with enough seats for all fans; all on sale. The organizer changes the sale
 * of the first one, of one with companion seats that leaves no single seats where it can, and of one with places of general
 * admission, and cancels the last one.
 */
export async function seedStages(db: Db, sizes: StageSizes): Promise<Stages> {
  const { hotEvents, hotSeats, wideEvents } = sizes;
  const { userId: organizerId } = await seedUser(db, { role: 'ORGANIZER' });
  const of = { cancellableForSeconds: CANCELLABLE_SECONDS, organizerId };
  const stages: Stage[] = [];
  const hall = await seedEvent(db, { ...of, seats: hotSeats, rows: 4, title: 'Chaos in a small hall' });
  const arena = await seedEvent(db, { ...of, seats: WIDE_SEATS, rows: 40, sections: 5, title: 'Chaos in an arena' });
  const add = (eventId: string, like: SeededEvent, isHot: boolean) =>
    stages.push({ eventId, ...hallOf(like), isHot, isOrganized: false });
  await putPrices(db, hall.eventId, twoTypesOf(hall));
  stages.push({ eventId: hall.eventId, ...hallOf(hall), isHot: true, isOrganized: true });
  add(arena.eventId, arena, false);
  stages.push(...(await seedOrganized(db, of)));
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
  const calledOff = await seedEvent(db, { ...of, seats: WIDE_SEATS, title: 'Chaos that is called off', like: arena });
  stages.push({ eventId: calledOff.eventId, ...hallOf(arena), isHot: false, isOrganized: false, isCalledOff: true });
  await announceEvents(
    db,
    stages.map(({ eventId }) => eventId),
  );
  return { stages, organizerId };
}

const hallOf = ({ planId, seatCount, sectionIds }: SeededEvent) => ({
  ...{ planId, seatCount, sectionIds },
  areaFrom: seatCount,
  areaId: undefined,
  companions: [] as readonly CompanionSeat[],
});

async function seedOrganized(db: Db, of: { cancellableForSeconds: number; organizerId: string }): Promise<Stage[]> {
  const theatre = {
    ...of,
    seats: STALL_SEATS,
    rows: STALL_ROWS,
    flags: flagsOf(companionsOfStalls),
    title: 'Chaos in a theatre',
    orphanPolicy: 'LENIENT',
  } as const;
  const stalls = await seedEvent(db, theatre);
  const square = {
    ...of,
    seats: STALL_SEATS + PLACES,
    rows: STALL_ROWS,
    sections: 2,
    standing: true,
    title: 'Chaos on a square',
  };
  const places = await seedEvent(db, square);
  for (const event of [stalls, places]) await putPrices(db, event.eventId, twoTypesOf(event));
  const [, areaId] = places.sectionIds;
  const organized = { isHot: false, isOrganized: true };
  return [
    { eventId: stalls.eventId, ...hallOf(stalls), ...organized, companions: companionsOfStalls },
    { eventId: places.eventId, ...hallOf(places), ...organized, areaFrom: STALL_SEATS, areaId },
  ];
}

/** The last two seats of each second row. */
const companionsOfStalls: readonly CompanionSeat[] = Array.from({ length: STALL_ROWS / 2 }, (_, index) => {
  const end = ((index + 1) * 2 * STALL_SEATS) / STALL_ROWS;
  return { seatNo: end - 2, placeNo: end - 1 };
});

function flagsOf(companions: readonly CompanionSeat[]): number[] {
  const flags = new Array<number>(STALL_SEATS).fill(0);
  for (const { seatNo, placeNo } of companions) {
    flags[seatNo] = seatFlags.companion;
    flags[placeNo] = seatFlags.accessible;
  }
  return flags;
}

/** The prices of an import, with tickets for children at half the price. */
function twoTypesOf({ currency, sectionIds }: SeededEvent) {
  const tiers = sectionIds.map(
    (_id, index) => [`Tier ${index + 1}`, { priceMinor: 5000 + 1000 * index, feeMinor: 250 }] as const,
  );
  const list = listOfTiers(currency, new Map(tiers));
  return {
    ...list,
    ticketTypes: [...list.ticketTypes, { key: 'child', name: 'Child' }],
    levels: list.levels.map((level) => {
      const amountMinor = (level.prices[0]?.amountMinor ?? 0) / 2;
      return { ...level, prices: [...level.prices, { ticketType: 'child', amountMinor }] };
    }),
  };
}

/** Accounts that need no sign-in. */
export async function seedFans(db: Db, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUIDv7());
  await db.execute(sql`insert into users (id, email, display_name)
    select id, id || '@example.org', 'Fan' from unnest(${sql.param(ids)}::uuid[]) as id`);
  return ids;
}
