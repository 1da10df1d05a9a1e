import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import type { Context } from './context.ts';
import { textArguments } from './text-arguments.ts';

/**
 * No types are defined here. Refusals are thrown by the domain; a field that lists them in `errors.types` answers a
 * union of its success type and them (`directResult`: the success type is written out, with all its fields).
 */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    SeatStatuses: { Input: never; Output: string };
  };
}>({
  plugins: [ErrorsPlugin, textArguments],
  defaultFieldNullability: false,
  errors: { directResult: true },
});

builder.queryType({ description: 'Everything that can be read. Anonymous callers may search and look.' });
builder.mutationType({
  description:
    'Everything that can be done. Expected refusals are members of the result union and say whether to try again.',
});
builder.subscriptionType({
  description: 'What is pushed, over WebSocket (graphql-ws) or server-sent events, so that nothing has to be polled.',
});
