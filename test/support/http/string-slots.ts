import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredInputField,
  isUnionType,
} from 'graphql';

/** A place of the schema where a client sends a string of its own, and a request that fills it. */
export type StringSlot = {
  /** `Mutation.signUp.email` */
  readonly name: string;
  readonly scalar: 'String' | 'ID' | 'DateTime';
  readonly operation: 'query' | 'mutation' | 'subscription';
  readonly query: string;
  variablesWith(text: string): Record<string, unknown>;
};

type Place = { readonly path: readonly string[]; readonly scalar: StringSlot['scalar'] };
/** Values for other arguments, by the name of an argument or an input field; `venue.id` is the one of that field alone. */
export type Usual = Readonly<Record<string, unknown>>;

const scalars: readonly string[] = ['String', 'ID', 'DateTime'];
const operations = { Query: 'query', Mutation: 'mutation', Subscription: 'subscription' } as const;

/** Every string of every argument of every root field, and of the fields of what a query returns. */
export function stringSlotsOf(schema: GraphQLSchema, usual: Usual): StringSlot[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots.flatMap((root) =>
    Object.values(root?.getFields() ?? {}).flatMap((field) => [
      ...slotsOf({ root: root?.name as keyof typeof operations, field }, usual),
      ...(root?.name === 'Query' ? nestedSlotsOf(schema, field, usual) : []),
    ]),
  );
}

type Asked = {
  readonly root: keyof typeof operations;
  readonly field: GraphQLField<unknown, unknown>;
  /** A field with arguments of its own below `field`. */
  readonly inner?: GraphQLField<unknown, unknown>;
};

function nestedSlotsOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>, usual: Usual): StringSlot[] {
  const type = getNamedType(field.type);
  if (!isObjectType(type) || type === schema.getQueryType()) return [];
  return Object.values(type.getFields()).flatMap((inner) => slotsOf({ root: 'Query', field, inner }, usual));
}

function slotsOf(asked: Asked, usual: Usual): StringSlot[] {
  const { root, field, inner } = asked;
  const target = inner ?? field;
  const operation = operations[root];
  const name = [root, field.name, ...(inner ? [inner.name] : [])].join('.');
  return placesOf(target.args).map(({ path, scalar }) => ({
    name: `${name}.${path.join('.')}`,
    scalar,
    operation,
    query: documentOf(operation, asked),
    variablesWith: (text) => ({
      ...(inner &&
        Object.fromEntries(
          outer(field).map((arg) => [
            `outer_${arg.name}`,
            usual[`${field.name}.${arg.name}`] ?? filled(arg, [], '', usual),
          ]),
        )),
      ...Object.fromEntries(
        target.args
          .filter((arg) => arg.name === path[0] || isRequiredInputField(arg))
          .map((arg) => [arg.name, filled(arg, arg.name === path[0] ? path.slice(1) : undefined, text, usual)]),
      ),
    }),
  }));
}

const outer = (field: GraphQLField<unknown, unknown>) => field.args.filter(isRequiredInputField);

function documentOf(operation: string, { field, inner }: Asked): string {
  const target = inner ?? field;
  const given = [
    ...(inner ? outer(field).map((arg) => `$outer_${arg.name}: ${arg.type}`) : []),
    ...target.args.map((arg) => `$${arg.name}: ${arg.type}`),
  ];
  const call = (name: string, args: string[]) => (args.length > 0 ? `${name}(${args.join(', ')})` : name);
  const targetCall = call(
    target.name,
    target.args.map((arg) => `${arg.name}: $${arg.name}`),
  );
  const body = `${targetCall}${selectionOf(target)}`;
  const whole = inner
    ? `${call(
        field.name,
        outer(field).map((arg) => `${arg.name}: $outer_${arg.name}`),
      )} { ${body} }`
    : body;
  return `${operation} (${given.join(', ')}) { ${whole} }`;
}

function selectionOf(field: GraphQLField<unknown, unknown>): string {
  const type = getNamedType(field.type);
  if (!isObjectType(type) && !isUnionType(type)) return 'getFields' in type ? ' { __typename }' : '';
  const refusal = isUnionType(type) && type.getTypes().some(isRefusal);
  const invalid = isUnionType(type) && type.getTypes().some(({ name }) => name === 'InvalidInput');
  return ` { __typename${refusal ? ' ... on Refusal { code message }' : ''}${invalid ? ' ... on InvalidInput { field }' : ''} }`;
}

const isRefusal = (type: GraphQLObjectType) => type.getInterfaces().some(({ name }) => name === 'Refusal');

function placesOf(fields: readonly (GraphQLArgument | GraphQLInputField)[], path: readonly string[] = []): Place[] {
  return fields.flatMap((field) => {
    const type = getNamedType(field.type);
    if (scalars.includes(type.name)) return [{ path: [...path, field.name], scalar: type.name as Place['scalar'] }];
    return isInputObjectType(type) && path.length < 4
      ? placesOf(Object.values(type.getFields()), [...path, field.name])
      : [];
  });
}

/** `path`: where the text goes below this field; empty: here; undefined: it takes no text. */
function filled(
  field: GraphQLArgument | GraphQLInputField,
  path: readonly string[] | undefined,
  text: string,
  usual: Usual,
): unknown {
  const { type } = field;
  const isHere = path?.length === 0 && text !== '';
  const value = isHere ? text : ofItsType(field.name, type, { path, text, usual });
  return isListType(getNullableType(type)) && !Array.isArray(value) ? [value] : value;
}

function ofItsType(
  name: string,
  type: GraphQLInputType,
  { path, text, usual }: { path: readonly string[] | undefined; text: string; usual: Usual },
): unknown {
  if (name in usual) return usual[name];
  const named = getNamedType(type);
  if (isEnumType(named)) return named.getValues()[0]?.name;
  if (isInputObjectType(named)) {
    const fields = Object.values(named.getFields()).filter(
      (inner) => inner.name === path?.[0] || isRequiredInputField(inner),
    );
    return Object.fromEntries(
      fields.map((inner) => [
        inner.name,
        filled(inner, inner.name === path?.[0] ? path?.slice(1) : undefined, text, usual),
      ]),
    );
  }
  const ofScalar: Record<string, unknown> = {
    Int: 1,
    MinorUnits: 1,
    Float: 1,
    Boolean: true,
    DateTime: '2030-01-01T00:00:00Z',
  };
  return ofScalar[named.name] ?? 'something';
}
