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
  first: arg.int({ defaultValue: defaultFirst, description: 'How many from the start, at most 50.' }),
  after: arg.string({ description: 'The cursor behind which to continue.' }),
  last: arg.int({
    description: 'How many from the end, at most 50; in the same order. With it, `first` is left out of account.',
  }),
  before: arg.string({ description: 'The cursor before which to end.' }),
});

type Maybe<T> = T | null | undefined;
type PageRequest = { first?: Maybe<number>; after?: Maybe<string>; last?: Maybe<number>; before?: Maybe<string> };
type ToPosition<Position> = (cursor: string, field: string) => Position;

/** Page sizes are bounded, so that no request can ask for everything. Throws InvalidInput. */
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
  if (size < 1 || size > MAX_SIZE) throw new InvalidInput(field, `\`${field}\` is 1 to ${MAX_SIZE}.`);
  return size;
}

/** The page that a window holds. */
export function pageOf<Node>(
  { items, hasMore }: WindowOf<Node>,
  { from, after, before }: PageWindow<unknown>,
  positionOf: (node: Node) => unknown,
): Page<Edge<Node>> {
  return {
    edges: items.map((node) => ({ cursor: encodeCursor(positionOf(node)), node })),
    pageInfo: {
      // A cursor is of something that the list has, so behind or before it there is something.
      hasNextPage: before !== undefined || (from === 'start' && hasMore),
      hasPreviousPage: after !== undefined || (from === 'end' && hasMore),
    },
  };
}

type PageInfoModel = Page<unknown>['pageInfo'] & { startCursor: string | undefined; endCursor: string | undefined };

export const PageInfo = builder.objectRef<PageInfoModel>('PageInfo').implement({
  description: 'Where a page lies in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'True when there is more after `endCursor`.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      description: 'True when there is something before this page.',
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

/** `XConnection` and `XEdge` for a list of `X`, with `nodes` beside `edges`. */
export function connectionOf<Node>(name: string, nodeType: NodeRef<Node>, what: string) {
  const EdgeRef = builder.objectRef<Edge<Node>>(`${name}Edge`);
  EdgeRef.implement({
    description: `One of ${what}, with its place in the list.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Opaque; give it as `after` to continue behind this one.' }),
      node: t.field({ type: nodeType, description: 'The object itself.', resolve: (edge) => edge.node as never }),
    }),
  });
  return builder.objectRef<Page<Edge<Node>>>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [EdgeRef],
        description: 'The page, each with its cursor.',
        resolve: (page) => [...page.edges],
      }),
      nodes: t.field({
        type: [nodeType],
        description: 'The page without cursors.',
        resolve: (page) => page.edges.map((edge) => edge.node) as never,
      }),
      pageInfo: t.field({ type: PageInfo, description: 'Whether there is more, and where.', resolve: pageInfoOf }),
    }),
  });
}

/** A position in a list: JSON in base64url. It holds nothing that its reader may not know. */
export const encodeCursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** No list of ours has a longer one. */
const LONGEST_CURSOR = 200;

/**
 * The position that `encodeCursor` was given, as `shape` has it. Throws InvalidInput for a text that is not, to its last
 * character, what this list returns for a position: a forged cursor never reaches a query.
 */
export function decodeCursor<S extends z.ZodType>(cursor: string, shape: S, field = 'after'): z.infer<S> {
  const position = shape.safeParse(cursor.length > LONGEST_CURSOR ? undefined : jsonOf(cursor));
  if (position.success && encodeCursor(position.data) === cursor) return position.data;
  throw new InvalidInput(field, 'This is not a cursor of this list.');
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
