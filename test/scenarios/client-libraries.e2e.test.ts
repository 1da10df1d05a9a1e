import { afterAll, beforeAll, describe } from 'vitest';
import { apolloPersistedQueryTests, apolloTests } from '#test/clients/apollo.ts';
import { gqlTadaTests } from '#test/clients/gql-tada.ts';
import { graphqlSseTests } from '#test/clients/graphql-sse.ts';
import { graphqlWsTests } from '#test/clients/graphql-ws.ts';
import { relayTests } from '#test/clients/relay.ts';
import { urqlTests } from '#test/clients/urql.ts';
import { type ClientWorld, openClientWorld } from '#test/clients/world.ts';

let opened: ClientWorld | undefined;
const world = () => {
  if (!opened) throw new Error('The product is not running yet.');
  return opened;
};
beforeAll(async () => {
  opened = await openClientWorld();
});
afterAll(() => opened?.close());

describe('Apollo Client', () => {
  apolloTests(world);
  apolloPersistedQueryTests(world);
});
describe('urql', () => urqlTests(world));
describe('Relay', () => relayTests(world));
describe('graphql-ws', () => graphqlWsTests(world));
describe('graphql-sse', () => graphqlSseTests(world));
describe('gql.tada', () => gqlTadaTests(world));
