import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import { createYoga, type YogaInitialContext } from 'graphql-yoga';
import { jwtVerify } from 'jose';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { openStockRoom, type StockRoom } from './stock-room.ts';

/** `tokenCheck`: Frontrow's, which remembers a valid token, or jose's for each request, as in its documentation. */
export type StockRoomApiOptions = {
  readonly redisUrl: string;
  readonly tokenPrivateKey: string;
  readonly tokenCheck: 'ours' | 'jose';
};

type StockContext = { readonly room: StockRoom; readonly userId: string | undefined };
type Place = { readonly state: string; readonly position: number | null; readonly ahead: number | null };

class EventNotOnSale extends Error {
  readonly code = 'EVENT_NOT_ON_SALE';
}

const builder = new SchemaBuilder<{
  Context: StockContext;
  DefaultFieldNullability: false;
  Objects: { WaitingRoomPlace: Place };
}>({ plugins: [ErrorsPlugin], defaultFieldNullability: false });

builder.objectType('WaitingRoomPlace', {
  fields: (t) => ({
    state: t.exposeString('state'),
    position: t.exposeInt('position', { nullable: true }),
    ahead: t.exposeInt('ahead', { nullable: true }),
  }),
});
builder.objectType(EventNotOnSale, {
  name: 'EventNotOnSale',
  fields: (t) => ({ code: t.exposeString('code'), message: t.exposeString('message') }),
});
const WaitingRoomInput = builder.inputType('WaitingRoomInput', {
  fields: (t) => ({ eventId: t.id({ required: true }) }),
});
builder.queryType({
  fields: (t) => ({
    waitingRoomPlace: t.field({
      type: 'WaitingRoomPlace',
      nullable: true,
      args: { eventId: t.arg.id({ required: true }) },
      resolve: async (_root, { eventId }, context): Promise<Place | null> => {
        const rank = await context.room.rankOf(rawId(eventId), viewerOf(context));
        return rank === null ? null : { state: 'WAITING', position: rank + 1, ahead: rank };
      },
    }),
  }),
});
builder.mutationType({
  fields: (t) => ({
    joinWaitingRoom: t.field({
      type: 'WaitingRoomPlace',
      args: { input: t.arg({ type: WaitingRoomInput, required: true }) },
      errors: { types: [EventNotOnSale], dataField: { name: 'place' }, result: { name: 'JoinWaitingRoomSuccess' } },
      resolve: async (_root, { input }, context): Promise<Place> => {
        await context.room.join(rawId(input.eventId), viewerOf(context));
        return { state: 'WAITING', position: null, ahead: null };
      },
    }),
  }),
});

const rawId = (globalId: string | number): string => String(globalId).slice(String(globalId).indexOf('_') + 1);

function viewerOf({ userId }: StockContext): string {
  if (userId === undefined) throw new Error('Sign in first.');
  return userId;
}

/** GraphQL Yoga on node:http with the schema above. */
answerParent<StockRoomApiOptions>(async (options) => {
  const room = openStockRoom(options.redisUrl);
  const userIdOf = openTokenCheck(options);
  const context = async ({ request }: Partial<YogaInitialContext>): Promise<StockContext> => {
    const token = request?.headers.get('authorization')?.slice('Bearer '.length);
    return { room, userId: token === undefined ? undefined : await userIdOf(token) };
  };
  const server = createServer(createYoga({ schema: builder.toSchema(), context }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
});

function openTokenCheck({ tokenPrivateKey, tokenCheck }: StockRoomApiOptions) {
  const tokens = openAccessTokens({ privateKey: tokenPrivateKey });
  if (tokenCheck === 'ours') return async (token: string) => (await tokens.verify(token))?.userId;
  const key = createPublicKey(
    createPrivateKey({ key: Buffer.from(tokenPrivateKey, 'base64'), format: 'der', type: 'pkcs8' }),
  );
  return async (token: string) => (await jwtVerify(token, key)).payload.sub;
}
