import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { answerParent } from '#test/support/system/parent.ts';
import { openStockContext } from './stock-context.ts';
import { stockSchema } from './stock-schema.ts';

export type StockApiOptions = { databaseUrl: string; redisUrl: string; tokenPrivateKey: string };

type Executor = { execute(args: ExecutionArgs): unknown; subscribe(args: ExecutionArgs): unknown };

/**
 * GraphQL Yoga on node:http with the Pothos schema of `stock-schema.ts`, and graphql-ws on the same server, as in
 * the documentation of Yoga.
 */
answerParent<StockApiOptions>(async (options) => {
  const yoga = createYoga({ schema: stockSchema, context: openStockContext(options) });
  const server = createServer(yoga);
  const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });
  useServer(
    {
      execute: (args) => (args.rootValue as Executor).execute(args) as never,
      subscribe: (args) => (args.rootValue as Executor).subscribe(args) as never,
      onSubscribe: async (ctx, _id, params) => {
        const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
          ...ctx,
          req: ctx.extra.request,
          socket: ctx.extra.socket,
          params,
        });
        const args = {
          schema,
          operationName: params.operationName,
          document: parse(params.query),
          variableValues: params.variables,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        };
        const errors = validate(args.schema, args.document);
        return errors.length > 0 ? errors : args;
      },
    },
    sockets,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
});
