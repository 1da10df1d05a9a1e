import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { readFactsAtRest } from '#test/chaos/checks/facts-at-rest.ts';
import { failuresOf, runChecks } from '#test/chaos/checks/run-checks.ts';
import { newCredentials, openSession, signUp } from '#test/fans/accounts.ts';
import { bookingWhen, createBooking, decideAt, signInAsGuest } from '#test/fans/fan.ts';
import { pushers, subscribeOver } from '#test/fans/pushed.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { startSystem } from '#test/support/system/system.ts';

const system = await startSystem();
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

test('a fan holds two seats, pays at the gateway and has two tickets, and the organizer sees the sale', async () => {
  const organizer = await openSession(system.apiUrl, await signUp(system.apiUrl, newCredentials()));
  const event = await seedEvent(db, { seats: 20, cancellableForSeconds: 3600, organizerId: organizer.userId });
  const sales = Object.values(pushers).map((push) =>
    subscribeOver(
      push,
      system.apiUrl,
      { authorization: `Bearer ${organizer.accessToken}` },
      {
        query: 'subscription ($id: ID!) { eventSalesChanged(eventId: $id) { soldTickets gross { amountMinor } } }',
        variables: { id: encodeGlobalId('Event', event.eventId) },
      },
    ),
  );
  await Promise.all(sales.map((pushed) => pushed.when(({ eventSalesChanged }) => eventSalesChanged.soldTickets === 0)));
  const fan = await signInAsGuest(system.apiUrl);
  const eventId = encodeGlobalId('Event', event.eventId);
  const seatIds = event.seatIds(3, 4).map((id) => encodeGlobalId('Seat', id));
  const held = await createBooking(fan, eventId, seatIds);
  expect(held).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: false });
  const ready = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
  const paid = await decideAt(ready.payment.url, 'pay');
  expect(paid.status).toBe(200);
  const confirmed = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'CONFIRMED');
  expect(confirmed.tickets).toHaveLength(2);
  expect(confirmed.payment.status).toBe('PAYMENT_SUCCESS');
  const sold = { soldTickets: 2, gross: [{ amountMinor: 2 * 5250 }] };
  for (const pushed of sales) {
    expect(await pushed.when(({ eventSalesChanged }) => eventSalesChanged.soldTickets > 0)).toEqual({
      eventSalesChanged: sold,
    });
    pushed.stop();
  }
});

test('and then every promise about the data holds, in all stores', async () => {
  const results = runChecks([], await readFactsAtRest(system));
  expect(failuresOf(results, ['H-LIN', 'H1', 'H2', 'H3', 'R1', 'M1'])).toEqual([]);
  expect(results.map(({ check }) => check)).toEqual(expect.arrayContaining(['V1', 'I01', 'I09', 'I19', 'X1']));
});
