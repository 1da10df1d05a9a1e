import { brandWithType } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { decodeGlobalId } from '#domain/global-id-rules.ts';
import { isUuid } from '#shared/uuid.ts';
import { builder } from './builder.ts';
import type { Context } from './context.ts';

/** GraphiQL's examples have this in place of an id. GraphiQL fills it in; other clients do not. */
const PLACEHOLDER = /^(LAST|PASTE)_[A-Z_]+$/;

function requireNoPlaceholder(globalId: string, type: string): void {
  if (!PLACEHOLDER.test(globalId)) return;
  const message = `${globalId} is a placeholder. Put the id of ${type} here: it is in the answer to an earlier operation.`;
  throw new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}

/**
 * Returns the raw id in a global id of this type; undefined for another text, because no object can have such an id.
 * Throws a GraphQLError for a placeholder.
 */
export function decodeId(type: string, globalId: string): string | undefined {
  requireNoPlaceholder(globalId, `the ${type}`);
  const decoded = decodeGlobalId(globalId);
  return decoded?.type === type && isUuid(decoded.id) ? decoded.id : undefined;
}

export const Node = builder.interfaceRef<unknown>('Node').implement({
  description: 'An object that can be read again by its id.',
  fields: (t) => ({
    id: t.id({
      description: 'Opaque; the same wherever the API returns this object.',
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
 * Lets `node(id:)` find objects of this type. `find` gets the raw id (a UUID, unless `isId` says otherwise). It returns
 * undefined for an unknown object and for one that is not the viewer's.
 */
export function findNodesOf(type: string, find: Finder['find'], isId: Finder['isId'] = isUuid): void {
  finders.set(type, { find, isId });
}

/** Returns the names of the types that `node` finds, sorted. */
export const foundTypes = (): string[] => [...finders.keys()].sort();

builder.queryField('node', (t) =>
  t.field({
    type: Node,
    nullable: true,
    description:
      'The object with this id; null when it is unknown or not yours. For a SeatMap, as with `seatMap`, the error ADMISSION_REQUIRED while the waiting room of the event is open and the viewer is not in it.',
    args: { id: t.arg.id({ required: true, description: 'An `id` that the API returned.' }) },
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
