import { brandWithType } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { decodeGlobalId, isUuid } from '#domain/global-id-rules.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

/** What GraphiQL's examples have where an id belongs: GraphiQL fills it in, other clients do not. */
const PLACEHOLDER = /^(LAST|PASTE)_[A-Z_]+$/;

function requireNoPlaceholder(globalId: string, type: string): void {
  if (!PLACEHOLDER.test(globalId)) return;
  const message = `${globalId} is a placeholder. Put the id of ${type} here: it is in the answer to an earlier operation.`;
  throw new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}

/** The raw id in a global id of this type, or undefined: no such thing can exist then. Throws a GraphQLError for a placeholder. */
export function decodeId(type: string, globalId: string): string | undefined {
  requireNoPlaceholder(globalId, `the ${type}`);
  const decoded = decodeGlobalId(globalId);
  return decoded?.type === type && isUuid(decoded.id) ? decoded.id : undefined;
}

export const Node = builder.interfaceRef<unknown>('Node').implement({
  description: 'What can be fetched again by its id.',
  fields: (t) => ({
    id: t.id({
      description: 'The same at every place that shows this object; opaque.',
      // Each type that implements Node says what its id is.
      resolve: () => {
        throw new Error('a node without an id');
      },
    }),
  }),
});

type Finder = { find(id: string, context: Context): Promise<object | undefined>; isId(id: string): boolean };
const finders = new Map<string, Finder>();

/**
 * Lets `node(id:)` find objects of this type. `find` gets the raw id (a UUID, unless `isId` says otherwise) and answers
 * undefined for what is unknown and for what is not the viewer's, alike.
 */
export function findNodesOf(type: string, find: Finder['find'], isId: Finder['isId'] = isUuid): void {
  finders.set(type, { find, isId });
}

/** The names of the types that `node` finds, sorted. */
export const foundTypes = (): string[] => [...finders.keys()].sort();

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description:
      'The object with this id; null when it is unknown or not yours. For a SeatMap the same as `seatMap`: the error ADMISSION_REQUIRED while its waiting room is open and the viewer is not in it.',
    args: { id: t.arg.id({ required: true, description: 'Any `id` that the API answered.' }) },
    resolve: async (_root, { id }, context) => {
      requireNoPlaceholder(id, 'an object');
      const decoded = decodeGlobalId(id);
      const finder = decoded && finders.get(decoded.type);
      if (!decoded || !finder?.isId(decoded.id)) return null;
      const found = await finder.find(decoded.id, context);
      if (found) brandWithType(found, decoded.type as never);
      return found;
    },
  }),
);
