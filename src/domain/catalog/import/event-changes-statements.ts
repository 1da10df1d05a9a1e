import type { TransactionSql } from 'postgres';
import type { EventRecord } from './catalog-records.ts';
import type { MovedWeeks } from './event-dates-statements.ts';
import { type ImportProblem, ImportRefused } from './import-refused.ts';
import type { Tracked } from './imported-records-statements.ts';
import { instantAfterWeeks } from './kickoff.ts';
import { nameBasedId } from './name-based-id.ts';

type Present = {
  id: string;
  venue_id: string;
  venue: string;
  currency: string;
  starts_at: Date;
  on_sale_at: Date;
  /** The tiers of the plan from which the event is sold. */
  tiers: string[];
};

type Context = { file: string; weeks: MovedWeeks; now: Date };

/**
 * Throws ImportRefused for changes that cannot be made to an event on sale, all at once: a change that could only be
 * made in part would leave an event that neither the old nor the new file describes.
 */
export async function refuseImpossibleChanges(
  tx: TransactionSql,
  changes: readonly Tracked<EventRecord>[],
  { file, weeks, now }: Context,
): Promise<void> {
  const present = await presentEvents(tx, changes);
  const problems = changes.flatMap((change) => {
    const { record } = change;
    const startsAt = instantAfterWeeks(record.startsLocal, record.timeZone, weeks.of(record));
    const event = present.get(change.id);
    const reasons = event ? reasonsOf(record, event, { startsAt, now }) : reasonsOfNew({ startsAt, now });
    return reasons.map((reason): ImportProblem => ({ record: nameOf(record), reason }));
  });
  if (problems.length > 0) throw new ImportRefused(file, problems);
}

/** `event gala` for an event with a key of its own, otherwise the title. */
const nameOf = ({ keyAtVenue, title }: EventRecord): string =>
  keyAtVenue === undefined ? title : `event ${keyAtVenue}`;

async function presentEvents(
  tx: TransactionSql,
  changes: readonly Tracked<EventRecord>[],
): Promise<Map<string, Present>> {
  const rows = await tx<Present[]>`
    select event.id, venue_id, venue.name as venue, currency, starts_at, on_sale_at,
           (select array_agg(distinct tier) from sections, unnest(tier_label || seat_tier_labels) as tier
            where sections.plan_id = event.plan_id) as tiers
    from events event join venues venue on venue.id = event.venue_id
    where event.id = any(${changes.map(({ id }) => id)}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

type Times = { startsAt: Date; now: Date };

function reasonsOfNew({ startsAt, now }: Times): string[] {
  return startsAt > now
    ? []
    : [
        `it starts at ${startsAt.toISOString()}, which is past; dates are moved ahead only when all dates of a new file are past`,
      ];
}

function reasonsOf(record: EventRecord, event: Present, { startsAt, now }: Times): string[] {
  if (event.venue_id !== nameBasedId(record.venueKey))
    return [`it is on sale at ${event.venue} and cannot move to another venue`];
  const reasons: string[] = [];
  if (event.currency !== record.currency)
    reasons.push(`it is on sale in ${event.currency} and cannot change to ${record.currency}`);
  const isMoved = startsAt.getTime() !== event.starts_at.getTime();
  if (startsAt <= event.on_sale_at) reasons.push(`it would start at ${startsAt.toISOString()}, before its sale opened`);
  else if (isMoved && startsAt <= now) reasons.push(`it would start at ${startsAt.toISOString()}, which is past`);
  // Seats were sold from the event's plan, which a later chart does not change.
  for (const tier of record.keyAtVenue === undefined ? [] : event.tiers)
    if (!record.prices.some((price) => price.tier === tier))
      reasons.push(`no price for "${tier}", which is in the seating plan from which it is sold`);
  return reasons;
}
