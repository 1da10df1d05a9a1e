import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';
import { createYoga } from 'graphql-yoga';
import { mercurius } from 'mercurius';
import { answerParent } from '#test/support/system/parent.ts';
import { eventsSchema, openEventsContext } from './stock-events-schema.ts';

export type StockEventsOptions = { databaseUrl: string; kind: 'yoga' | 'mercurius' };

/** The schema of `stock-events-schema.ts` on Yoga, or on mercurius with its JIT, as in their documentation. */
answerParent<StockEventsOptions>(async ({ databaseUrl, kind }) => {
  const context = openEventsContext(databaseUrl);
  return { port: await (kind === 'yoga' ? serveYoga(context) : serveMercurius(context)) };
});

async function serveYoga(context: ReturnType<typeof openEventsContext>): Promise<number> {
  const server = createServer(createYoga({ schema: eventsSchema, context }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function serveMercurius(context: ReturnType<typeof openEventsContext>): Promise<number> {
  const app = fastify();
  await app.register(mercurius, { schema: eventsSchema, context, jit: 1 });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return (app.server.address() as AddressInfo).port;
}
