import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { createBooking } from '#test/fans/fan.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import { shortLived } from '#test/support/account/short-lived-token.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import type { ClientWorld } from './world.ts';

const bookingChanged = `subscription ($id: ID!) { bookingChanged(bookingId: $id) { status payment { url } } }`;
const eventChanged = `subscription ($id: ID!) { eventChanged(eventId: $id) { title availability { held } } }`;

export function graphqlWsTests(world: () => ClientWorld): void {
  test('continues with a new token when its first token has expired', async () => {
    const { webSocketUrl, system, eventId, seatId, fan, nextSeatNo } = world();
    const viewer = await fan();
    const { booking } = await createBooking(viewer, eventId, [seatId(nextSeatNo())]);
    const closed: number[] = [];
    const sent: string[] = [];
    const client = createClient({
      url: webSocketUrl,
      // Called at each connection: the first token ends soon, the next one does not.
      connectionParams: async () => {
        const token = sent.length === 0 ? await shortLived(system, viewer.token, 2) : viewer.token;
        sent.push(token);
        return { authorization: `Bearer ${token}` };
      },
      on: { closed: (event) => closed.push((event as CloseEvent).code) },
    });
    const states: string[] = [];
    const ended = Promise.withResolvers<unknown>();
    client.subscribe<Json>(
      { query: bookingChanged, variables: { id: booking.id } },
      {
        next: ({ data }) => states.push(data?.bookingChanged.status),
        error: ended.resolve,
        complete: () => ended.resolve('complete'),
      },
    );
    await expect.poll(() => closed).toEqual([4403]);
    await expect.poll(() => sent.length).toBe(2);
    const cancel = 'mutation ($id: ID!) { cancelBooking(input: { bookingId: $id }) { __typename } }';
    await viewer.ask(cancel, { id: booking.id });
    expect(await ended.promise).toBe('complete');
    expect(states.at(-1)).toBe('CANCELLED');
    await client.dispose();
  });

  test('reconnects by itself after a cut if it may retry every error, and shares one socket', async () => {
    const { system, eventId, takeSeat, nextSeatNo } = world();
    const proxy = await openFaultProxy(system.apiUrl);
    const client = createClient({
      url: `${proxy.through(system.apiUrl).replace('http', 'ws')}graphql`,
      shouldRetry: () => true,
    });
    const heard: Json[][] = [[], []];
    for (const list of heard)
      client.subscribe<Json>(
        { query: eventChanged, variables: { id: eventId } },
        {
          next: ({ data }) => list.push(data?.eventChanged),
          error: (error) => list.push(error),
          complete: () => undefined,
        },
      );
    await expect.poll(() => heard.map(({ length }) => length)).toEqual([1, 1]);
    expect(proxy.open()).toBe(1);
    proxy.cut();
    await takeSeat(nextSeatNo());
    const held = heard[0]?.[0].availability.held;
    for (const list of heard) await expect.poll(() => list.at(-1).availability?.held).toBe(held + 1);
    await client.dispose();
    await proxy.close();
  });
}
