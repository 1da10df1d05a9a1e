import SchemaBuilder from '@pothos/core';
import ErrorsPlugin from '@pothos/plugin-errors';
import type { Context } from './context.ts';
import { textArguments } from './text-arguments.ts';

/**
 * No types are defined here. The domain throws refusals; a field that lists them in `errors.types` returns a union of
 * its success type and those refusals (`directResult`: the success type is written out, with all its fields).
 */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    MinorUnits: { Input: number; Output: number };
    Decimal: { Input: string; Output: string };
    LocalDateTime: { Input: string; Output: string };
    SeatStatuses: { Input: never; Output: string };
  };
}>({
  plugins: [ErrorsPlugin, textArguments],
  defaultFieldNullability: false,
  errors: { directResult: true },
});

builder.queryType({ description: 'All data that can be read. Search, events, venues and seat maps need no sign-in.' });
builder.mutationType({
  description:
    'All operations that change something. Expected refusals are members of the result union and say whether to try again.',
});
builder.subscriptionType({
  description:
    'Updates that the server pushes over WebSocket (graphql-ws) or server-sent events, so that clients need not poll.',
});
