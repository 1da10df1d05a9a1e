import { randomUUIDv7 } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { events } from '#db/tables/catalog.ts';
import { inTransaction } from '#db/transaction.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { orTryAgain } from '../../or-try-again.ts';
import { NotAllowed } from '../../organization/errors.ts';
import { currentListId } from '../../pricing/price-lists.ts';
import type { Actor } from '../../viewer.ts';
import { type ChangeEventNeeds, type EventRow, requireEventRight } from './change-event.ts';
import { movedWith, readLocalTime } from './local-time-rules.ts';
import { insertDrafts, makeOnce } from './make-events-statements.ts';

export const duplicateEventRefusals = [
  InvalidInput,
  NotFound,
  NotAllowed,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

/** The largest number of events of one series. */
const MOST = 100;

type Series = {
  readonly eventId: string;
  /** The starts of the new events, on the clock of the venue. */
  readonly startsAt: readonly string[];
  readonly idempotencyKey: string | undefined;
};

/**
 * Makes a draft like the event for each of these starts, with its prices, and returns their raw ids in the same order. All
 * other times keep their distance to the start on the clock of the venue. All drafts are made, or none. Throws one of
 * `duplicateEventRefusals`.
 */
export async function duplicateEvent(
  needs: ChangeEventNeeds,
  actor: Actor,
  { eventId, startsAt, idempotencyKey }: Series,
): Promise<readonly string[]> {
  const right = await requireEventRight(needs, actor, eventId, 'Mutation.duplicateEvent');
  const { organizationId, role } = right;
  if (startsAt.length === 0 || startsAt.length > MOST)
    throw new InvalidInput('startsAt', `Give the starts of 1 to ${MOST} events.`);
  const eventIds = startsAt.map(() => randomUUIDv7());
  return orTryAgain(
    inTransaction(needs.db, 'duplicateEvent', async (tx) => {
      const source = await readSource(tx, eventId);
      if (source?.event.organizationId !== organizationId) throw new NotFound('event');
      const starts = requireStarts(startsAt, source.timeZone);
      const drafts = starts.map((start, index) => copyOf(source, start, eventIds[index] ?? ''));
      const make = async () => {
        await insertDrafts(tx, { actor, role }, { drafts, operation: 'duplicateEvent' });
        await copyPrices(tx, eventId, { eventIds, madeBy: 'userId' in actor ? actor.userId : null });
      };
      const request = { organizationId, idempotencyKey, wanted: { duplicateEvent: [eventId, startsAt] } };
      return makeOnce(tx, request, { eventIds, make });
    }),
  );
}

type Source = { readonly event: EventRow; readonly timeZone: string };

async function readSource(tx: Tx, eventId: string): Promise<Source | undefined> {
  const [row] = await tx
    .select({
      event: events,
      timeZone: sql<string>`(select time_zone from venues where venues.id = ${events.venueId})`,
    })
    .from(events)
    .where(eq(events.id, eventId));
  return row;
}

function requireStarts(texts: readonly string[], timeZone: string): Date[] {
  const seen = new Set<number>();
  return texts.map((text, index) => {
    const field = `startsAt[${index}]`;
    const read = readLocalTime(text, timeZone);
    if ('problem' in read) throw new InvalidInput(field, `The start ${read.problem}.`);
    const year = read.at.getUTCFullYear();
    if (year < 2000 || year > 2199) throw new InvalidInput(field, 'The start must be between the years 2000 and 2199.');
    if (seen.has(read.at.getTime())) throw new InvalidInput(field, 'This start is given twice.');
    seen.add(read.at.getTime());
    return read.at;
  });
}

/** What belongs to the event itself and not to its kind is left out: its state, a pause, a postponement. */
function copyOf({ event, timeZone }: Source, startsAt: Date, id: string) {
  const move = { from: event.startsAt, to: startsAt, timeZone };
  const along = (at: Date | null): Date | null => at && movedWith(at, move);
  const { organizationId, venueId, planId, title, description, category, performers, currency } = event;
  const { imageUploadId, holdSeconds, seatsPerBooking, seatsPerViewer, orphanPolicy } = event;
  return {
    ...{ id, organizationId, venueId, planId, title, description, category, performers, currency },
    ...{ imageUploadId, holdSeconds, seatsPerBooking, seatsPerViewer, orphanPolicy },
    startsAt,
    endsAt: along(event.endsAt),
    doorsAt: along(event.doorsAt),
    onSaleAt: movedWith(event.onSaleAt, move),
    offSaleAt: movedWith(event.offSaleAt, move),
    cancellableUntil: along(event.cancellableUntil),
    accessibleReleaseAt: along(event.accessibleReleaseAt),
  };
}

async function copyPrices(
  tx: Tx,
  eventId: string,
  { eventIds, madeBy }: { eventIds: readonly string[]; madeBy: string | null },
): Promise<void> {
  const copies = sql`unnest(${sql.param([...eventIds])}::uuid[], ${sql.param(eventIds.map(() => randomUUIDv7()))}::uuid[])
    as copy (event_id, list_id)`;
  await tx.execute(sql`
    insert into price_lists (id, event_id, version, content, seat_levels, made_by)
    select copy.list_id, copy.event_id, 1, list.content, list.seat_levels, ${madeBy}
    from ${copies}, price_lists list where list.id = ${sql.raw(currentListId(`'${eventId}'::uuid`))}`);
  await tx.execute(sql`
    insert into price_tiers (id, event_id, name, price_minor, fee_minor)
    select gen_random_uuid(), copy.event_id, tier.name, tier.price_minor, tier.fee_minor
    from ${copies}, price_tiers tier where tier.event_id = ${eventId}`);
}
