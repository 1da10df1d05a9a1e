import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedOutputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/**
 * `PUBLIC`: all callers may read it. `OWNED`: only its owner; other callers get the answer for an unknown id.
 * `OF_THE_CALLER` (root fields): takes no id of an owned object and returns what is, or becomes, the caller's own.
 */
export type Classification = {
  readonly types: Readonly<Record<string, 'PUBLIC' | 'OWNED'>>;
  readonly roots: Readonly<Record<string, 'PUBLIC' | 'OWNED' | 'OF_THE_CALLER'>>;
};

/**
 * Fields through which a public object leads to an owned one: to the public part of an organization, and to figures and
 * files that are null for others. They are not followed here: organizer-rights.e2e.test.ts asks for them as callers outside.
 */
const publicParts: readonly string[] = [
  'Event.organization',
  'Event.sales',
  'Event.cancellation',
  'Event.exports',
  'Event.priceList',
];

/** Public fields that are asked for at `Query.event` alone: in lists of events, documents would be over the limit of cost. */
const costly: readonly string[] = ['Event.seatingPlan', 'Event.ticketTypes'];

/** Arguments for the fields that need some. */
export const neededArguments: Readonly<Record<string, string>> = {
  'Organization.statement': '(from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z", currency: "USD")',
  'Organization.journalExport': '(from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z", currency: "USD")',
};

type RootField = { readonly coordinate: string; readonly field: GraphQLField<unknown, unknown> };

const operations = { Query: 'query', Mutation: 'mutation', Subscription: 'subscription' } as const;

export function rootFieldsOf(schema: GraphQLSchema): RootField[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).map((field) => ({ coordinate: `${root?.name}.${field.name}`, field })),
  );
}

/** The gaps and errors of the classification of a schema; empty when each owned type is known. */
export function problemsOf(schema: GraphQLSchema, { types, roots }: Classification): string[] {
  const node = schema.getType('Node');
  const nodes = isInterfaceType(node) ? schema.getPossibleTypes(node).map(({ name }) => name) : [];
  const unknownNodes = nodes.filter((name) => !types[name]).map((name) => `${name} has ids and is not classified`);
  const fields = rootFieldsOf(schema);
  const coordinates = new Set(fields.map(({ coordinate }) => coordinate));
  const gone = [
    ...Object.keys(types).filter((name) => !schema.getType(name)),
    ...Object.keys(roots).filter((coordinate) => !coordinates.has(coordinate)),
  ].map((name) => `${name} is classified and not there`);
  const ofRoots = fields.flatMap(({ coordinate, field }) => {
    const kind = roots[coordinate];
    const owned = reachedFrom(schema, getNamedType(field.type)).filter((name) => types[name] === 'OWNED');
    if (!kind && owned.length > 0) return [`${coordinate} leads to ${owned.join(', ')} and is not classified`];
    if (!kind && field.args.some(({ type }) => takesId(type))) return [`${coordinate} takes an id, unclassified`];
    return kind === 'PUBLIC' ? owned.map((name) => `${coordinate} is public and leads to ${name}`) : [];
  });
  return [...unknownNodes, ...gone, ...ofRoots];
}

function takesId(type: GraphQLInputType, seen = new Set<GraphQLNamedType>()): boolean {
  const named = getNamedType(type);
  if (named.name === 'ID') return true;
  if (!isInputObjectType(named) || seen.has(named)) return false;
  seen.add(named);
  return Object.values(named.getFields()).some((field) => takesId(field.type, seen));
}

/** Names of every type that an answer of this type can contain, itself included. */
function reachedFrom(schema: GraphQLSchema, start: GraphQLNamedOutputType): string[] {
  const reached = new Set<GraphQLNamedOutputType>();
  const walk = (type: GraphQLNamedOutputType) => {
    if (reached.has(type)) return;
    reached.add(type);
    for (const inner of membersOf(schema, type)) walk(inner);
    if (!isObjectType(type) && !isInterfaceType(type)) return;
    for (const field of Object.values(type.getFields()))
      if (!publicParts.includes(`${type.name}.${field.name}`)) walk(getNamedType(field.type));
  };
  walk(start);
  return [...reached].map(({ name }) => name);
}

const membersOf = (schema: GraphQLSchema, type: GraphQLNamedOutputType) =>
  isAbstractType(type) ? schema.getPossibleTypes(type) : [];

export type Question = {
  readonly coordinate: string;
  /** The field below the root that it requests, e.g. `Booking.payment`. */
  readonly about: string;
  readonly query: string;
};

/**
 * One document for each field of each object type that a root field returns: it requests everything behind the
 * field, down to three levels. Of `Node`, only the types named in `of`.
 */
export function questionsOf(schema: GraphQLSchema, { coordinate, field }: RootField, of?: string): Question[] {
  const [root = '', name] = coordinate.split('.');
  const operation = operations[root as keyof typeof operations];
  const variables = field.args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const passed = field.args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const called = passed === '' ? name : `${name}(${passed})`;
  const head = `${operation}${variables === '' ? '' : ` (${variables})`}`;
  const type = getNamedType(field.type);
  const objects = [type, ...membersOf(schema, type)].filter(isObjectType).filter((one) => !of || one.name === of);
  return objects.flatMap((object) =>
    Object.values(object.getFields()).flatMap((inner) => {
      if (publicParts.includes(`${object.name}.${inner.name}`)) return [];
      const asked = selectionOf(schema, inner, [object]);
      if (asked === undefined) return [];
      const selection = object === type ? asked : `... on ${object.name} { ${asked} }`;
      const query = `${head} { ${called} { __typename ${selection} } }`;
      return [{ coordinate, about: `${object.name}.${inner.name}`, query }];
    }),
  );
}

const DEPTH = 4;

function selectionOf(
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  path: readonly GraphQLNamedType[],
): string | undefined {
  const needed = neededArguments[`${path.at(-1)?.name}.${field.name}`];
  if (needed === undefined && field.args.some(isRequiredArgument)) return undefined;
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return `${field.name}${needed ?? ''}`;
  if (path.length > DEPTH || path.includes(type)) return undefined;
  // A short page, so that lists in lists stay below the limit of cost.
  const page = field.args.some(({ name }) => name === 'first') ? '(first: 1)' : (needed ?? '');
  return `${field.name}${page} { __typename ${selectionsOf(schema, type, [...path, type])} }`;
}

function selectionsOf(schema: GraphQLSchema, type: GraphQLNamedOutputType, path: readonly GraphQLNamedType[]): string {
  if (isObjectType(type)) {
    const fields = Object.values(type.getFields())
      .filter(({ name }) => !publicParts.includes(`${type.name}.${name}`) && !costly.includes(`${type.name}.${name}`))
      // The edges of a connection have the same nodes, and both would be over the limit of cost.
      .filter(({ name }) => !(name === 'nodes' && type.name.endsWith('Connection')))
      .map((field) => selectionOf(schema, field, path));
    return fields.filter((text) => text !== undefined).join(' ');
  }
  return membersOf(schema, type)
    .map((member) => `... on ${member.name} { __typename ${selectionsOf(schema, member, [...path, member])} }`)
    .join(' ');
}

/** `Type.field` of every field that a document requests. */
export function coordinatesIn(schema: GraphQLSchema, query: string): string[] {
  const asked: string[] = [];
  const info = new TypeInfo(schema);
  const Field = () => {
    asked.push(`${info.getParentType()?.name}.${info.getFieldDef()?.name}`);
  };
  visit(parse(query), visitWithTypeInfo(info, { Field }));
  return asked;
}
