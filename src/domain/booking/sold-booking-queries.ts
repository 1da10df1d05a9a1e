import { and, eq, isNotNull } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ONE_ROUND_TRIP } from '#db/prepared.ts';
import { bookings } from '#db/tables/booking.ts';
import { events } from '#db/tables/catalog.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { type Booking, bookingColumns, toOwners } from './booking.ts';

type Needs = { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> };

/** A booking that the box office sold, for members of the event's organization who may sell; undefined for all others. */
export async function findSoldBooking({ db, rights }: Needs, actor: Actor, id: string): Promise<Booking | undefined> {
  if (!isUuid(id)) return undefined;
  const [row] = await db
    .select({ booking: bookingColumns, organizationId: events.organizationId })
    .from(bookings)
    .innerJoin(events, eq(events.id, bookings.eventId))
    .where(and(eq(bookings.id, id), isNotNull(bookings.tender)))
    .prepare(ONE_ROUND_TRIP)
    .execute();
  if (!row) return undefined;
  const { organizationId } = row;
  try {
    await rights.requireRight({ actor, operation: 'Mutation.sellAtBoxOffice', organizationId }, 'booking');
  } catch (refusal) {
    if (refusal instanceof NotAllowed || refusal instanceof NotFound) return undefined;
    throw refusal;
  }
  return toOwners(row.booking);
}
