import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { prepared } from '#db/prepared.ts';
import { events, seatingPlans, sections, venueSeats, venues } from '#db/tables/catalog.ts';
import { seatInventories } from '#db/tables/inventory.ts';
import { inTransaction } from '#db/transaction.ts';
import type { OrphanPolicy } from '#domain/catalog/event-life/event-values-rules.ts';
import { buildLayout, type SeatingPlanDraft } from '#domain/catalog/layout.ts';
import { encodeSeatId } from '#domain/global-id-rules.ts';
import type { OrganizationRole } from '#domain/organization/rights-rules.ts';
import type { PriceList } from '#domain/pricing/price-list.ts';
import { putPriceLists } from '#domain/pricing/price-list-statements.ts';
import { listOfTiers, type TierPrice } from '#domain/pricing/tier-prices-rules.ts';

export type SeedEventOptions = {
  /** The number of seats of the plan. */
  seats: number;
  /** This plan in place of one from the numbers below. */
  draft?: SeatingPlanDraft;
  /** The number of rows of each section, to which its seats are assigned in order. Default 1. */
  rows?: number;
  /** The number of sections, to which the seats are assigned in order; each is a price tier `Tier <n>`. Default 1. */
  sections?: number;
  /** The last section is general admission: its places have no rows. */
  standing?: boolean;
  /** Price of the first tier; each further tier costs 1000 more. Default 5000. */
  priceMinor?: number;
  /** Default 250. */
  feeMinor?: number;
  currency?: string;
  title?: string;
  status?: 'DRAFT' | 'PUBLISHED' | 'POSTPONED' | 'CANCELLED';
  /** Seconds from now, by the clock of the database; default one hour ago, in 29 days, 30 days from now. */
  onSaleInSeconds?: number;
  offSaleInSeconds?: number;
  startsInSeconds?: number;
  /** Left out: a confirmed booking cannot be cancelled. */
  cancellableForSeconds?: number;
  /** By seat: the bits of `seatFlags`. */
  flags?: readonly number[];
  /** Default OFF. */
  orphanPolicy?: OrphanPolicy;
  /** A user's id, whose organization owns the event; without it an organizer is made. */
  organizerId?: string;
  /** The plan is not published. */
  planIsDraft?: boolean;
  /** Another event with this plan instead of a new venue with a new plan. */
  like?: SeededEvent;
};

export type SeededEvent = {
  eventId: string;
  venueId: string;
  planId: string;
  organizerId: string;
  /** The organization that owns the event; the organizer is its OWNER. */
  organizationId: string;
  sectionIds: readonly string[];
  seatCount: number;
  currency: string;
  /** The raw id of a seat, in the form that `createBooking` takes. */
  seatId: (seatNo: number) => string;
  seatIds: (...seatNos: number[]) => string[];
};

const DAY = 86_400;

/**
 * A venue, a seating plan with its layout, an event with its price tiers and its seat inventory, inserted straight
 * into the database.
 */
export async function seedEvent(db: Db, options: SeedEventOptions): Promise<SeededEvent> {
  const organizerId = options.organizerId ?? (await seedUser(db, { role: 'ORGANIZER' })).userId;
  const organizationId = await seedOrganization(db, organizerId);
  const plan = options.like ?? (await seedPlan(db, { ...options, organizationId }));
  const eventId = randomUUIDv7();
  const inSeconds = (seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds})`;
  await db.insert(events).values({
    id: eventId,
    organizationId,
    organizerId,
    venueId: plan.venueId,
    planId: plan.planId,
    title: options.title ?? 'Test match',
    category: 'SPORT',
    startsAt: inSeconds(options.startsInSeconds ?? 30 * DAY),
    onSaleAt: inSeconds(options.onSaleInSeconds ?? -3600),
    offSaleAt: inSeconds(options.offSaleInSeconds ?? 29 * DAY),
    ...(options.cancellableForSeconds !== undefined && {
      cancellableUntil: inSeconds(options.cancellableForSeconds),
    }),
    status: options.status ?? 'PUBLISHED',
    orphanPolicy: options.orphanPolicy ?? 'OFF',
    currency: options.currency ?? 'USD',
  });
  const { currency = 'USD', priceMinor = 5000, feeMinor = 250 } = options;
  const tiers = new Map<string, TierPrice>();
  for (const [index, label] of tierLabelsOf(options, plan.sectionIds.length).entries())
    tiers.set(label, { priceMinor: priceMinor + 1000 * index, feeMinor });
  await putPrices(db, eventId, listOfTiers(currency, tiers));
  await db.insert(seatInventories).values({ eventId, capacity: plan.seatCount, available: plan.seatCount });
  return {
    eventId,
    organizerId,
    organizationId,
    venueId: plan.venueId,
    planId: plan.planId,
    sectionIds: plan.sectionIds,
    seatCount: plan.seatCount,
    currency: options.currency ?? 'USD',
    seatId: (seatNo) => encodeSeatId(plan.planId, seatNo),
    seatIds: (...seatNos) => seatNos.map((seatNo) => encodeSeatId(plan.planId, seatNo)),
  };
}

/** Puts a price list in force whose levels the seating plan paints, as an import does. */
export async function putPrices(db: Db, eventId: string, list: PriceList): Promise<void> {
  await inTransaction(db, 'test', (tx) =>
    putPriceLists(
      (text, params) => prepared(tx, text, params),
      [{ id: randomUUIDv7(), eventId, list, tierId: () => randomUUIDv7() }],
    ),
  );
}

/** The organization that the user owns; it is made when there is none. */
export async function seedOrganization(db: Db, ownerId: string): Promise<string> {
  const [owned] = await db.execute<{ id: string }>(sql`
    select organization_id as id from organization_members where user_id = ${ownerId} and role = 'OWNER' limit 1`);
  if (owned) return owned.id;
  const id = randomUUIDv7();
  await db.execute(sql`insert into organizations (id, name, country_code) values (${id}, 'Test organization', 'US')`);
  await seedMember(db, { organizationId: id, userId: ownerId, role: 'OWNER' });
  return id;
}

/** Makes the user a member, or gives the member this role. */
export async function seedMember(
  db: Db,
  { organizationId, userId, role }: { organizationId: string; userId: string; role: OrganizationRole },
): Promise<void> {
  await db.execute(sql`
    insert into organization_members (organization_id, user_id, role) values (${organizationId}, ${userId}, ${role})
    on conflict (organization_id, user_id) do update set role = excluded.role`);
}

/** A user without a password, who cannot sign in: for tests below HTTP. */
export async function seedUser(
  db: Db,
  options: { role?: 'FAN' | 'ORGANIZER' | 'ADMIN'; email?: string } = {},
): Promise<{ userId: string }> {
  const userId = randomUUIDv7();
  const email = options.email ?? `${userId}@example.org`;
  await db.execute(sql`insert into users (id, email, display_name, role)
    values (${userId}, ${email}, 'Test user', ${options.role ?? 'FAN'})`);
  return { userId };
}

const tierLabel = (index: number): string => `Tier ${index + 1}`;

const tierLabelsOf = ({ draft }: SeedEventOptions, sectionCount: number): string[] =>
  draft
    ? [...new Set(draft.sections.map(({ tierLabel: label }) => label))]
    : Array.from({ length: sectionCount }, (_, index) => tierLabel(index));

async function seedPlan(db: Db, options: SeedEventOptions & { organizationId: string }) {
  const venueId = randomUUIDv7();
  const planId = randomUUIDv7();
  const draft = options.draft ?? draftOf(options);
  const sectionIds = draft.sections.map(() => randomUUIDv7());
  const layout = await buildLayout({ planId, sectionIds, draft });
  const { organizationId } = options;
  await db.insert(venues).values({
    id: venueId,
    organizationId,
    name: `Venue ${venueId.slice(-6)}`,
    city: 'Springfield',
    countryCode: 'US',
    latitude: 40,
    longitude: -90,
    timeZone: 'America/Chicago',
    capacity: options.seats,
  });
  await db.insert(seatingPlans).values({
    id: planId,
    organizationId,
    venueId,
    version: 1,
    seatCount: options.seats,
    layoutHash: layout.hash,
    layout: layout.gzip,
    ...(options.planIsDraft && { publishedAt: null }),
  });
  await db.insert(sections).values(
    draft.sections.map((section, position) => ({
      id: sectionIds[position] ?? '',
      planId,
      position,
      label: section.label,
      tierLabel: section.tierLabel,
    })),
  );
  await insertSeats(db, { planId, sectionIds, draft });
  return { venueId, planId, sectionIds, seatCount: options.seats };
}

function draftOf(options: SeedEventOptions): SeatingPlanDraft {
  const count = options.sections ?? 1;
  const perSection = Math.ceil(options.seats / count);
  const perRow = Math.ceil(perSection / (options.rows ?? 1));
  const seats: SeatingPlanDraft['seats'] = { section: [], row: [], label: [], x: [], y: [], flags: [] };
  for (let seatNo = 0; seatNo < options.seats; seatNo++) {
    const section = Math.floor(seatNo / perSection);
    const inSection = seatNo % perSection;
    const row = Math.floor(inSection / perRow);
    seats.section.push(section);
    const isPlace = options.standing && section === count - 1;
    seats.row.push(isPlace ? '' : `${row + 1}`);
    seats.label.push(`${(isPlace ? inSection : inSection % perRow) + 1}`);
    seats.x.push(section * (perRow + 2) * 5 + (inSection % perRow) * 5);
    seats.y.push(row * 8);
    seats.flags.push(options.flags?.[seatNo] ?? 0);
  }
  return {
    width: count * (perRow + 2) * 5,
    height: (options.rows ?? 1) * 8,
    sections: Array.from({ length: count }, (_, index) => ({
      label: `${101 + index}`,
      tierLabel: tierLabel(index),
      ...(options.standing && index === count - 1 && { kind: 'GENERAL_ADMISSION' as const }),
      outline: [],
    })),
    seats,
  };
}

async function insertSeats(
  db: Db,
  plan: { planId: string; sectionIds: readonly string[]; draft: SeatingPlanDraft },
): Promise<void> {
  const { seats } = plan.draft;
  const rows = seats.x.map((x, seatNo) => ({
    planId: plan.planId,
    seatNo,
    sectionId: plan.sectionIds[seats.section[seatNo] ?? 0] ?? '',
    rowLabel: seats.row[seatNo] ?? '',
    seatLabel: seats.label[seatNo] ?? '',
    x,
    y: seats.y[seatNo] ?? 0,
  }));
  for (let from = 0; from < rows.length; from += 5000)
    await db.insert(venueSeats).values(rows.slice(from, from + 5000));
}

/** Publishes the events as the importer does for new ones, so that search receives them from the event log. */
export async function announceEvents(db: Db, eventIds: readonly string[]): Promise<void> {
  await inTransaction(db, 'test', (tx) =>
    appendToOutbox(
      tx,
      eventIds.map((id) => ({ type: 'EventPublished', aggregateId: id, eventId: id, updatedVersion: 1 })),
    ),
  );
}
