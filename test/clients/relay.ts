import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parse, print } from 'graphql';
import relay from 'relay-runtime';
import { expect, test } from 'vitest';
import type { Json } from '#test/fans/graphql-http.ts';
import type { ClientWorld } from './world.ts';

const { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery, getSelector } = relay;

/** The output of relay-compiler for docs/examples/relay/seat-list.js. */
const folder = new URL('../../docs/examples/relay/', import.meta.url);
const artifact = async (name: string): Promise<Json> =>
  (await import(new URL(`__generated__/${name}.graphql.js`, folder).href)).default;

/** Relay as in its documentation. */
const openEnvironment = (url: string) =>
  new Environment({
    network: Network.create(async ({ text }, variables) => {
      const body = JSON.stringify({ query: text, variables });
      const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      return (await response.json()) as Json;
    }),
    store: new Store(new RecordSource()),
  });

export function relayTests(world: () => ClientWorld): void {
  test('reads the free seats of a map page by page: further pages come from the map as a node', async () => {
    const { url, event, eventId, takeSeat, nextSeatNo } = world();
    const environment = openEnvironment(url);
    const [first, fragment, page] = await Promise.all(
      ['seatListQuery', 'seatListSeats', 'seatListPageQuery'].map((name) => artifact(name)),
    );
    const query = { eventId };
    const { seatMap } = (await fetchQuery(environment, first, query).toPromise()) as Json;
    expect(seatMap.id).toBe(`SeatMap_${event.eventId}`);

    const operation = createOperationDescriptor(first, query);
    environment.retain(operation);
    const seats = (): Json => {
      const found = environment.lookup(operation.fragment).data as Json;
      return (environment.lookup(getSelector(fragment, found.seatMap) as Json).data as Json).seats;
    };
    const labels = () => seats().edges.map(({ node }: Json) => node.seat.label);
    expect(labels()).toHaveLength(5);
    const { hasNextPage, endCursor } = seats().pageInfo;
    expect(hasNextPage).toBe(true);
    await fetchQuery(environment, page, { id: seatMap.id, count: 5, cursor: endCursor }).toPromise();
    expect(labels()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);

    await takeSeat(nextSeatNo());
    const refetched = async () => {
      await fetchQuery(environment, first, query).toPromise();
      return (environment.lookup(operation.fragment).data as Json).seatMap.version;
    };
    await expect.poll(refetched).toBeGreaterThan(seatMap.version);
  });

  test('is compiled from the documents of the page', async () => {
    const source = await readFile(new URL('seat-list.js', folder), 'utf8');
    const documents = [...source.matchAll(/graphql`([\s\S]*?)`/g)].map(([, text = '']) => text);
    const hashes = await Promise.all(
      ['seatListQuery', 'seatListSeats'].map(async (name) => (await artifact(name)).hash),
    );
    expect(documents.map((text) => hash('md5', print(parse(text)))).sort()).toEqual(hashes.sort());
  });
}
