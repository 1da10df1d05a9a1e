import { closeDb, openDb } from '#db/client.ts';
import { createBooking, type Fan, signInAsGuest, untilFound } from '#test/fans/fan.ts';
import { announceEvents, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { startSystem } from '#test/support/system/system.ts';

export type ClientWorld = Awaited<ReturnType<typeof openClientWorld>>;

/** The running product, an event of 60 seats, and fans with a session, for the test of each client library. */
export async function openClientWorld() {
  const system = await startSystem({ env: { LOG_LEVEL: 'warn' } });
  const db = openDb({ url: system.bookingUrl, poolMax: 3, name: 'test' });
  const event: SeededEvent = await seedEvent(db, { seats: 60, cancellableForSeconds: 3_600, title: 'Mexico v Japan' });
  try {
    await announceEvents(db, [event.eventId]);
    await untilFound(system.apiUrl, 'mexico', `Event_${event.eventId}`);
  } catch (error) {
    await closeDb(db);
    await system.stop();
    throw error;
  }
  let taken = 20;
  return {
    system,
    db,
    event,
    url: `${system.apiUrl}/graphql`,
    webSocketUrl: `${system.apiUrl.replace('http', 'ws')}/graphql`,
    eventId: `Event_${event.eventId}`,
    seatId: (seatNo: number): string => `Seat_${event.seatId(seatNo)}`,
    fan: (): Promise<Fan> => signInAsGuest(system.apiUrl),
    /** The number of a seat that no other test uses; the first twenty stay free. */
    nextSeatNo: (): number => taken++,
    /** Another fan takes a seat, so that watchers see a change. */
    async takeSeat(seatNo: number): Promise<void> {
      const other = await signInAsGuest(system.apiUrl, 'other@example.org');
      await createBooking(other, `Event_${event.eventId}`, [`Seat_${event.seatId(seatNo)}`]);
    },
    async close(): Promise<void> {
      await closeDb(db);
      await system.stop();
    },
  };
}
