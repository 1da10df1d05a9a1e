import { sql } from 'drizzle-orm';
import { createBooking } from '#domain/booking/create-booking.ts';
import { createEvent, type NewEvent } from '#domain/catalog/event-life/create-event.ts';
import { listChangesOfEvent } from '#domain/catalog/event-life/event-history-queries.ts';
import { publishEvent } from '#domain/catalog/event-life/publish-event.ts';
import { findEventsOfMembers } from '#domain/catalog/event-queries.ts';
import { setEventPrices } from '#domain/catalog/set-event-prices.ts';
import { openRights } from '#domain/organization/rights.ts';
import { type BoxProcess, openBox, someViewer } from '#test/support/databases/box.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';

const DAY_MS = 86_400_000;
/** Whole minutes, as people give times. */
export const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 60_000) * 60_000 + days * DAY_MS);

/** A process that books, and an owner of an organization with a hall in Chicago. */
export async function openEventWorld() {
  const box = await openBox();
  const pubsub = { subscribe: async () => () => {}, publish: async () => {} } as never;
  const needs = { ...box, rights: openRights({ db: box.db, pubsub }) };
  const hall = await seedEvent(box.reader, { seats: 12, sections: 2 });
  const actor = { userId: hall.organizerId };
  const input = (changes: Partial<NewEvent> = {}): NewEvent => ({
    organizationId: hall.organizationId,
    ...{ venueId: hall.venueId, seatingPlanId: hall.planId, title: ' Evening ', description: '', category: 'CONCERT' },
    ...{ performers: ['The Band'], startsAt: '2031-06-11T20:00', endsAt: null, doorsAt: '2031-06-11T19:00' },
    ...{ onSaleAt: inDays(-1), offSaleAt: new Date('2031-06-12T01:00:00Z'), currency: 'USD', holdSeconds: 60 },
    ...{ cancellableUntil: null, seatsPerBooking: 2, seatsPerViewer: 3, orphanPolicy: 'LENIENT', imageUploadId: null },
    accessibleReleaseAt: null,
    idempotencyKey: undefined,
    ...changes,
  });
  const make = (changes: Partial<NewEvent> = {}) => createEvent(needs, actor, input(changes));
  const price = (eventId: string) =>
    setEventPrices(needs, actor, {
      eventId,
      ticketTypes: [{ key: 'full', name: 'Full price' }],
      priceLevels: [
        {
          ...{ key: 'all', name: 'All', prices: [{ ticketType: 'full', amountMinor: 5_000 }] },
          seats: { sectionIds: [...hall.sectionIds] },
        },
      ],
      fees: [],
      taxes: [],
    });
  return {
    box,
    needs,
    hall,
    actor,
    make,
    price,
    async published(changes: Partial<NewEvent> = {}): Promise<string> {
      const eventId = await make(changes);
      await price(eventId);
      await publishEvent(needs, actor, eventId);
      return eventId;
    },
    async read(eventId: string) {
      const [event] = await findEventsOfMembers(needs, [eventId]);
      if (!event) throw new Error('gone');
      return event;
    },
    async messagesOf(eventId: string) {
      const rows = await box.reader.execute<{ type: string }>(
        sql`select type from outbox where aggregateid = ${eventId} order by id`,
      );
      return rows.map(({ type }) => type);
    },
    async historyOf(eventId: string) {
      const window = { size: 50, from: 'end', after: undefined, before: undefined } as const;
      const { items } = await listChangesOfEvent(needs, { eventId, organizationId: hall.organizationId }, window);
      return items.toReversed();
    },
    /** Another viewer each time. */
    hold: (process: BoxProcess, eventId: string, ...seatNos: number[]) =>
      createBooking(process, someViewer(), {
        eventId,
        seatIds: hall.seatIds(...seatNos),
        idempotencyKey: `${eventId} ${seatNos.join()}`,
      }),
    async close() {
      needs.rights.close();
      await box.close();
    },
  };
}
