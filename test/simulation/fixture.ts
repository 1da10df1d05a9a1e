import { buildLayout, parseLayout, type SeatingPlanDraft } from '#domain/catalog/layout.ts';
import type { SeatSelection } from '#domain/catalog/price-lists/price-list-input.ts';
import { seatFlags } from '#domain/catalog/seat-features-rules.ts';
import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { encodeSeatId } from '#domain/global-id-rules.ts';
import { givenCode } from '#domain/inventory/code-texts-rules.ts';
import type { PriceList } from '#domain/pricing/price-list.ts';
import { listOfTiers } from '#domain/pricing/tier-prices-rules.ts';
import { BOOKS } from '#processes/invariants/money.ts';
import { keepFeed } from './relay.ts';
import type { Settings } from './settings.ts';
import { SqlEngine } from './sql-engine.ts';

const id = (kind: number, number: number): string =>
  `00000000-0000-7000-8000-${kind.toString(16).padStart(4, '0')}${number.toString(16).padStart(8, '0')}`;

export const PLAN_ID = id(1, 1);
export const eventIdOf = (index: number): string => id(2, index + 1);
export const userIdOf = (index: number): string => id(3, index + 1);
export const seatIdOf = (seatNo: number): string => encodeSeatId(PLAN_ID, seatNo);

/** Two databases, opened once; each run begins with empty tables. */
export type Engines = { readonly booking: SqlEngine; readonly payments: SqlEngine };

export async function openEngines(): Promise<Engines> {
  const [booking, payments] = [await SqlEngine.open('booking'), await SqlEngine.open('payments')];
  for (const engine of [booking, payments]) keepFeed(engine);
  payments.script(BOOKS);
  return { booking, payments };
}

/** Rows of one section each: a fan who wants two neighbouring seats may find none. */
export const SEATS_A_ROW = 6;
/** Of the second row. */
export const COMPANION = 10;
export const WHEELCHAIR_PLACE = 11;
/** The last row of the largest hall is a section of general admission instead. */
export const AREA_FROM = 18;
export const AREA_ID = id(4, 2);
export const hasArea = (seats: number): boolean => seats > AREA_FROM;
/** At the second event, and at both of a small hall, no choice may leave a single seat. */
export const isStrict = (eventId: string, seats: number): boolean => seats === SMALL_HALL || eventId === eventIdOf(1);
const SMALL_HALL = 12;

const SECTIONS = [
  { id: id(4, 1), label: '101' },
  { id: AREA_ID, label: '102', kind: 'GENERAL_ADMISSION' as const },
];
const sectionsOf = (seats: number) => SECTIONS.slice(0, hasArea(seats) ? 2 : 1);
const flagsOf = (seatNo: number): number => {
  if (seatNo === COMPANION) return seatFlags.companion;
  return seatNo === WHEELCHAIR_PLACE ? seatFlags.accessible : 0;
};

function draftOf(seats: number): SeatingPlanDraft {
  const all = Array.from({ length: seats }, (_, seatNo) => seatNo);
  return {
    width: 10 * SEATS_A_ROW,
    height: 10 * Math.ceil(seats / SEATS_A_ROW),
    sections: sectionsOf(seats).map(({ id: _id, ...section }) => ({ ...section, tierLabel: 'Standard', outline: [] })),
    seats: {
      section: all.map((seatNo) => (seatNo < AREA_FROM ? 0 : 1)),
      row: all.map((seatNo) => (seatNo < AREA_FROM ? `${Math.floor(seatNo / SEATS_A_ROW) + 1}` : '')),
      label: all.map((seatNo) => `${(seatNo % SEATS_A_ROW) + 1}`),
      x: all.map((seatNo) => 10 * (seatNo % SEATS_A_ROW)),
      y: all.map((seatNo) => 10 * Math.floor(seatNo / SEATS_A_ROW)),
      flags: all.map(flagsOf),
    },
  };
}

/** Read and unzipped before the run, because unzipping uses a thread of its own, and plans never change. */
export async function planOf(seats: number): Promise<SeatingPlan> {
  const { gzip } = await buildLayout({
    planId: PLAN_ID,
    sectionIds: sectionsOf(seats).map((section) => section.id),
    draft: draftOf(seats),
  });
  return parseLayout(gzip);
}

const TIERS = listOfTiers('USD', new Map([['Standard', { priceMinor: 5000, feeMinor: 250 }]]));
/** As an import sets them, with a child's ticket. */
const PRICES: PriceList = {
  ...TIERS,
  ticketTypes: [...TIERS.ticketTypes, { key: 'child', name: 'Child' }],
  levels: TIERS.levels.map((level) => ({
    ...level,
    prices: [...level.prices, { ticketType: 'child', amountMinor: 2500 }],
  })),
};

type NewPrices = { readonly faceMinor: number; readonly perBookingMinor: number; readonly seats: number };

/** Prices with a child's ticket, a fee of 5 % and one of the booking. Two rows cost more than the others. */
export function pricesOf({ faceMinor, perBookingMinor, seats: count }: NewPrices) {
  const level = (name: string, factor: number, seats: SeatSelection) => ({
    ...{ key: name.toLowerCase(), name, seats },
    prices: [
      { ticketType: 'standard', amountMinor: factor * faceMinor },
      { ticketType: 'child', amountMinor: (factor * faceMinor) / 2 },
    ],
  });
  return {
    priceLevels: [
      level('Standard', 1, { sectionIds: sectionsOf(count).map((section) => section.id) }),
      level('Front', 2, { seatIds: [seatIdOf(0), seatIdOf(1)] }),
    ],
    ticketTypes: [
      { key: 'standard', name: 'Standard' },
      { key: 'child', name: 'Child' },
    ],
    fees: [
      { name: 'Service', percent: '5', refundable: false },
      ...(perBookingMinor > 0 ? [{ name: 'Handling', perBookingMinor, refundable: false }] : []),
    ],
    taxes: [{ name: 'City', percent: '2.5', inclusive: false, appliesTo: 'ALL' as const }],
  };
}

/** The one of the migrations, to which events belong by default. */
export const ORGANIZATION = '1a6682e4-de5b-8de9-81a5-153ba860268f';

/** Opens the allocation `house` of each event, for six bookings at a time. */
export const CODE = 'friends';

/** A third of the seats are of the house at the beginning, for so long. */
const seatsOfHouse = (seats: number): number => Math.floor(seats / 3);
const ALLOCATED_SECONDS = 25;

/** Empty tables except for an organizer, a venue and the events on sale. Run it at the time of the world. */
export function prepareTables({ booking, payments }: Engines, { seats, events }: Settings): void {
  booking.script(`
    truncate bookings, booking_seats, refunded_seats, booking_refunds, event_seats, allocations, codes, organizer_audit, tickets, outbox, inbox, redis_epochs, feed, event_log.messages,
      seat_inventories, price_tiers, price_lists, events, sections, venue_seats, seating_plans, venues, users restart identity cascade;
    insert into users (id, email, display_name, role) values ('${id(5, 1)}', 'organizer@example.org', 'Organizer', 'ORGANIZER');
    insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
      values ('${id(6, 1)}', 'Hall', 'Springfield', 'US', 40, -90, 'America/Chicago', ${seats});
    insert into seating_plans (id, venue_id, version, seat_count, layout_hash, layout)
      values ('${PLAN_ID}', '${id(6, 1)}', 1, ${seats}, 'simulated', '');
    insert into sections (id, plan_id, position, label, tier_label) values ${sectionsOf(seats).map((section, position) => `('${section.id}', '${PLAN_ID}', ${position}, '${section.label}', 'Standard')`)}`);
  for (let index = 0; index < events; index++) {
    booking.script(`
      insert into events (id, organizer_id, venue_id, plan_id, title, category, starts_at, on_sale_at, off_sale_at,
          cancellable_until, status, currency, orphan_policy)
        values ('${eventIdOf(index)}', '${id(5, 1)}', '${id(6, 1)}', '${PLAN_ID}', 'Night ${index + 1}', 'CONCERT',
          now() + interval '30 days', now() - interval '1 hour', now() + interval '29 days', now() + interval '1 day',
          'PUBLISHED', 'USD', '${isStrict(eventIdOf(index), seats) ? 'STRICT' : 'OFF'}');
      insert into price_lists (id, event_id, version, content)
        values ('${id(7, index + 1)}', '${eventIdOf(index)}', 1, '${JSON.stringify(PRICES)}');
      insert into codes (id, event_id, code_hash, opens, uses_per_code)
        values ('${id(8, index + 1)}', '${eventIdOf(index)}', '\\x${givenCode(eventIdOf(index), CODE).hash}', '{house}', 6);
      insert into allocations (event_id, name, release_at)
        values ('${eventIdOf(index)}', 'house', now() + interval '${ALLOCATED_SECONDS} s');
      insert into event_seats (event_id, seat_no, status, allocation)
        select '${eventIdOf(index)}', seat_no, 'BLOCKED', 'house'
        from generate_series(${seats - seatsOfHouse(seats)}, ${seats - 1}) as seat_no;
      insert into seat_inventories (event_id, capacity, available, blocked)
        values ('${eventIdOf(index)}', ${seats}, ${seats - seatsOfHouse(seats)}, ${seatsOfHouse(seats)})`);
  }
  // The journal refuses to be emptied, so its triggers are off meanwhile.
  payments.script(
    `set session_replication_role = replica;
     truncate payments, notices, outbox, inbox, feed, booking_facts, gateway_captures, gateway_refunds, gateway_disputes, refunds,
       refundable_lines, journal_entries, journal_lines, box_office_sales, waiting_sale_refunds restart identity;
     set session_replication_role = origin`,
  );
}
