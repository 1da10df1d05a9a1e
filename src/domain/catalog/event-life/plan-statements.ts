import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { InvalidInput, NotFound } from '../../errors.ts';
import { findGateway } from '../../pricing/payment-gateway.ts';
import type { PriceList } from '../../pricing/price-list.ts';
import { currentListId } from '../../pricing/price-lists.ts';
import { imageOfUpload } from '../uploads/use-image-statements.ts';
import type { Offer, PlanFacts } from './event-problems-rules.ts';

type Place = { readonly organizationId: string; readonly venueId: string; readonly planId: string };

/**
 * The time zone of a venue of the organization. Throws NotFound for a venue, or a plan of it, that is not there, and
 * InvalidInput for a plan that is a draft.
 */
export async function requirePlace(tx: Tx, { organizationId, venueId, planId }: Place): Promise<{ timeZone: string }> {
  const [venue] = await tx.execute<{ timeZone: string; isPublished: boolean | null }>(sql`
    select v.time_zone as "timeZone", (
      select p.published_at is not null from seating_plans p where p.id = ${planId} and p.venue_id = v.id
    ) as "isPublished"
    from venues v where v.id = ${venueId} and v.organization_id = ${organizationId}`);
  if (!venue) throw new NotFound('venue');
  if (venue.isPublished === null) throw new NotFound('seating plan of this venue');
  if (!venue.isPublished) throw new InvalidInput('seatingPlanId', 'The seating plan must be published first.');
  return { timeZone: venue.timeZone };
}

/** Takes the image into use, which makes it public. Throws InvalidInput for one that is not there. */
export async function requireImage(
  tx: Tx,
  { organizationId, imageUploadId }: { organizationId: string; imageUploadId?: string | null },
): Promise<void> {
  if (imageUploadId) await imageOfUpload(tx, { uploadId: imageUploadId, organizationId });
}

/** A plan without a time of publishing is itself a draft. */
export async function readPlan(tx: Tx, planId: string): Promise<PlanFacts> {
  const [plan] = await tx.execute<PlanFacts>(sql`
    select published_at is not null as "isPublished", seat_count as "seatCount" from seating_plans where id = ${planId}`);
  if (!plan) throw new Error(`seating plan ${planId} is gone`);
  return plan;
}

/** The price list in force of the event, and what the gateway must be able to take. */
export async function readOffer(
  tx: Tx,
  { eventId, ...terms }: { eventId: string; currency: string; seatsPerBooking: number },
): Promise<Offer> {
  const [[row], gateway] = await Promise.all([
    prepared<{ content: PriceList }>(tx, `select content from price_lists where id = ${currentListId('$1::uuid')}`, [
      eventId,
    ]),
    findGateway(tx.$client),
  ]);
  return { list: row?.content, gateway, ...terms };
}

/** Removes the prices of a draft: they are painted on the seats of its plan, in its currency. */
export async function removePrices(tx: Tx, eventId: string): Promise<void> {
  await tx.execute(sql`delete from price_lists where event_id = ${eventId}`);
  await tx.execute(sql`delete from price_tiers where event_id = ${eventId}`);
}

/**
 * Gives the inventory of a draft the seats of its plan. Changes nothing when it has them. Throws InvalidInput when seats of the
 * plan before are kept for some buyers.
 */
export async function takeSeatsOfPlan(tx: Tx, eventId: string, { planId }: { planId: string }): Promise<void> {
  const [touched] = await tx.execute(sql`
    select 1 from event_seats s join events e on e.id = s.event_id
    where s.event_id = ${eventId} and e.plan_id <> ${planId} limit 1`);
  if (touched)
    throw new InvalidInput('seatingPlanId', 'Seats of the present plan are allocated. Give them back first.');
  await tx.execute(sql`
    update seat_inventories i set capacity = p.seat_count, available = p.seat_count - i.held - i.booked - i.blocked
    from seating_plans p where i.event_id = ${eventId} and p.id = ${planId} and i.capacity <> p.seat_count`);
}
