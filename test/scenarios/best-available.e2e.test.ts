import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes();
const { system } = scenes;
afterAll(async () => {
  await scenes.expectAllInvariants();
  await scenes.close();
});

const mutation = `mutation ($input: HoldBestAvailableInput!) { holdBestAvailable(input: $input) { __typename
  ... on CreateBookingSuccess { replayed booking { status total { amountMinor } seats { seat { id section { id } } } } }
  ... on SeatsUnavailable { code message seats { id } alternatives { seats { id } } version retry { advice } }
  ... on InvalidInput { field message } ... on NotFound { message } ... on AdmissionRequired { code } } }`;

async function best(token: string, input: object) {
  const variables = { input: { idempotencyKey: randomUUID(), ...input } };
  return (await post(system.apiUrl, { query: mutation, variables }, { authorization: `Bearer ${token}` })).data
    .holdBestAvailable;
}

test('fans ask for the best seats by number, section and price level', async () => {
  const event = await scenes.event(40, { sections: 2, rows: 2 });
  const eventId = `Event_${event.eventId}`;
  const { token } = await signInAsGuest(system.apiUrl);
  const first = await best(token, { eventId, quantity: 4 });
  expect(first).toMatchObject({
    __typename: 'CreateBookingSuccess',
    replayed: false,
    booking: { total: { amountMinor: 25_000 } },
  });
  const other = await signInAsGuest(system.apiUrl);
  const sectionIds = [`Section_${event.sectionIds[1]}`];
  const second = await best(other.token, { eventId, quantity: 2, sectionIds });
  expect(second.booking.seats.map(({ seat }: { seat: { section: { id: string } } }) => seat.section.id)).toEqual([
    sectionIds[0],
    sectionIds[0],
  ]);
  const third = await signInAsGuest(system.apiUrl);
  expect(await best(third.token, { eventId, quantity: 2, priceLevel: 'Tier 1' })).toMatchObject({
    booking: { total: { amountMinor: 2 * 5250 } },
  });
});

test('what cannot be held is refused by the field, or with the version at which there were no such seats', async () => {
  const event = await scenes.event(4, { rows: 1 });
  const eventId = `Event_${event.eventId}`;
  const { token } = await signInAsGuest(system.apiUrl);
  expect(await best(token, { eventId, quantity: 2, accessible: true })).toMatchObject({
    code: 'SEATS_UNAVAILABLE',
    seats: [],
    alternatives: [],
    version: 0,
    retry: { advice: 'NEW_KEY' },
  });
  expect(await best(token, { eventId, quantity: 0 })).toMatchObject({ field: 'quantity' });
  expect(await best(token, { eventId, quantity: 1, priceLevel: 'Box' })).toMatchObject({ field: 'priceLevel' });
  expect(await best(token, { eventId, quantity: 1, sectionIds: ['Seat_1'] })).toMatchObject({ field: 'sectionIds' });
  expect(await best(token, { eventId: 'Event_no', quantity: 1 })).toMatchObject({ __typename: 'NotFound' });
});
