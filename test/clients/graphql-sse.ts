import { createClient } from 'graphql-sse';
import { expect, test } from 'vitest';
import { createBooking } from '#test/fans/fan.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import type { ClientWorld } from './world.ts';

const bookingChanged = `subscription ($id: ID!) { bookingChanged(bookingId: $id) { status payment { status url } } }`;

export function graphqlSseTests(world: () => ClientWorld): void {
  test('follows a booking to its end, one connection for each subscription', async () => {
    const { url, eventId, seatId, fan, nextSeatNo } = world();
    const viewer = await fan();
    const client = createClient({ url, headers: () => ({ authorization: `Bearer ${viewer.token}` }) });
    const { booking } = await createBooking(viewer, eventId, [seatId(nextSeatNo())]);
    const states: string[] = [];
    for await (const { data } of client.iterate<Json>({ query: bookingChanged, variables: { id: booking.id } })) {
      const { status } = data?.bookingChanged ?? {};
      if (states.at(-1) !== status) states.push(status);
      if (status === 'PAYMENT_READY')
        await viewer.ask('mutation ($id: ID!) { cancelBooking(input: { bookingId: $id }) { __typename } }', {
          id: booking.id,
        });
    }
    expect(states.slice(-2)).toEqual(['PAYMENT_READY', 'CANCELLED']);
    client.dispose();
  });

  test('learns why a subscription does not begin', async () => {
    const { url, eventId } = world();
    const client = createClient({ url });
    const query = 'subscription ($id: ID!) { waitingRoomChanged(eventId: $id) { state } }';
    const results = await Array.fromAsync(client.iterate<Json>({ query, variables: { id: eventId } }));
    expect(results).toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]);
    client.dispose();
  });

  test('is refused in its single connection mode, which the docs list as unsupported', async () => {
    const { url, eventId } = world();
    const client = createClient({ url, singleConnection: true, retryAttempts: 0 });
    const query = 'subscription ($id: ID!) { eventChanged(eventId: $id) { title } }';
    const begun = Array.fromAsync(client.iterate<Json>({ query, variables: { id: eventId } }));
    await expect(begun).rejects.toMatchObject({ response: { status: 405 } });
    client.dispose();
  });
}
