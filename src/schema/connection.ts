import type { z } from 'zod';
import { InvalidInput } from '#domain/errors.ts';
import type { PageWindow, WindowOf } from '#domain/page-window.ts';
import { builder } from './builder.ts';

const MAX_SIZE = 50;

export type Page<Edge> = {
  readonly edges: readonly Edge[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean };
};
export type Edge<Node> = { readonly cursor: string; readonly node: Node };

type ArgBuilder = ReturnType<
  PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'Arg'>['argBuilder']
>;

/** The arguments of a list that can be read from either end. */
export const pageArgs = (arg: ArgBuilder, defaultFirst: number) => ({
  first: arg.int({ defaultValue: defaultFirst, description: 'The number of items from the start, at most 50.' }),
  after: arg.string({ description: 'Returns items after this cursor.' }),
  last: arg.int({
    description:
      'The number of items from the end, at most 50, in the same order. When it is given, `first` is ignored.',
  }),
  before: arg.string({ description: 'Returns items before this cursor.' }),
});

type Maybe<T> = T | null | undefined;
type PageRequest = { first?: Maybe<number>; after?: Maybe<string>; last?: Maybe<number>; before?: Maybe<string> };
type ToPosition<Position> = (cursor: string, field: string) => Position;

/** Returns the requested window. Page sizes are bounded, so that no request reads a whole list. Throws InvalidInput. */
export function requireWindow<Position>(
  { first, after, last, before }: PageRequest,
  { otherwise, toPosition }: { otherwise: number; toPosition: ToPosition<Position> },
): PageWindow<Position> {
  const from = typeof last === 'number' ? 'end' : 'start';
  return {
    size: typeof last === 'number' ? requireSize('last', last) : requireSize('first', first ?? otherwise),
    from,
    after: after == null ? undefined : toPosition(after, 'after'),
    before: before == null ? undefined : toPosition(before, 'before'),
  };
}

function requireSize(field: string, size: number): number {
  if (size < 1 || size > MAX_SIZE) throw new InvalidInput(field, `\`${field}\` must be 1 to ${MAX_SIZE}.`);
  return size;
}

/** Returns the page of the items in a window. */
export function pageOf<Node>(
  { items, hasMore }: WindowOf<Node>,
  { from, after, before }: PageWindow<unknown>,
  positionOf: (node: Node) => unknown,
): Page<Edge<Node>> {
  return {
    edges: items.map((node) => ({ cursor: encodeCursor(positionOf(node)), node })),
    pageInfo: {
      // A cursor belongs to an item of the list, so there is an item on its other side.
      hasNextPage: before !== undefined || (from === 'start' && hasMore),
      hasPreviousPage: after !== undefined || (from === 'end' && hasMore),
    },
  };
}

type PageInfoModel = Page<unknown>['pageInfo'] & { startCursor: string | undefined; endCursor: string | undefined };

export const PageInfo = builder.objectRef<PageInfoModel>('PageInfo').implement({
  description: 'The position of a page in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'True when the list has items after `endCursor`.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'True when the list has items before this page.',
    }),
    startCursor: t.string({
      nullable: true,
      description: 'The cursor of the first edge.',
      resolve: (page) => page.startCursor,
    }),
    endCursor: t.string({
      nullable: true,
      description: 'The cursor of the last edge: give it as `after` to get the next page.',
      resolve: (page) => page.endCursor,
    }),
  }),
});

export function pageInfoOf({ edges, pageInfo }: Page<{ readonly cursor: string }>): PageInfoModel {
  return { ...pageInfo, startCursor: edges[0]?.cursor, endCursor: edges.at(-1)?.cursor };
}

type NodeRef<Node> = ReturnType<ReturnType<typeof builder.objectRef<Node>>['implement']>;

/** Defines `XConnection` and `XEdge` for a list of `X`, with `nodes` beside `edges`. */
export function connectionOf<Node>(name: string, nodeType: NodeRef<Node>, what: string) {
  const EdgeRef = builder.objectRef<Edge<Node>>(`${name}Edge`);
  EdgeRef.implement({
    description: `One of ${what}, with its cursor.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Opaque; give it as `after` to continue after this item.' }),
      node: t.field({ type: nodeType, description: 'The object itself.', resolve: (edge) => edge.node as never }),
    }),
  });
  return builder.objectRef<Page<Edge<Node>>>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [EdgeRef],
        description: 'The items of the page, each with its cursor.',
        resolve: (page) => [...page.edges],
      }),
      nodes: t.field({
        type: [nodeType],
        description: 'The items of the page, without cursors.',
        resolve: (page) => page.edges.map((edge) => edge.node) as never,
      }),
      pageInfo: t.field({
        type: PageInfo,
        description: 'Whether there are more pages, and the cursors to read them.',
        resolve: pageInfoOf,
      }),
    }),
  });
}

/** Returns the cursor of a position in a list: JSON in base64url. It contains no data that the client may not see. */
export const encodeCursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** Characters. None of our lists has a longer cursor. */
const LONGEST_CURSOR = 200;

/**
 * Returns the position that `encodeCursor` was given, checked by `shape`. Throws InvalidInput for a text that is not
 * exactly the cursor of such a position, so that a forged cursor never reaches a query.
 */
export function decodeCursor<S extends z.ZodType>(cursor: string, shape: S, field = 'after'): z.infer<S> {
  const position = shape.safeParse(cursor.length > LONGEST_CURSOR ? undefined : jsonOf(cursor));
  if (position.success && encodeCursor(position.data) === cursor) return position.data;
  throw new InvalidInput(field, 'This is not a cursor of this list. Use a cursor from an earlier page, unchanged.');
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
