import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentSpreadNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
  validate,
} from 'graphql';
import type { OperationPlugin } from './plugin.ts';

/** The contract's own queries need a depth of 6: a connection's edges, their nodes, an event, its venue, a place. */
export const documentLimits = { tokens: 1_000, depth: 8, aliases: 5, directives: 5, cost: 10_000 } as const;

const MAX_ERRORS = 10;

/** What `first` and `last` are counted as when they come in a variable: more is refused later. */
const MAX_SIZE = 50;
/** What a list without `first` is counted as: seats of a booking, tickets, price tiers. */
const UNPAGED_LIST = 5;
/** `first` of the connection above them has counted these. */
const CONNECTION_LISTS = new Set(['edges', 'nodes']);

type Measure = { depth: number; aliases: number; directives: number; cost: number };
const nothing: Measure = { depth: 0, aliases: 0, directives: 0, cost: 0 };

/**
 * Limits the size, depth and cost of documents. Validation stops at ten errors, because more of them take time and do
 * not help the client. `tellsSchema: false` refuses introspection.
 */
export function useDocumentLimits({ tellsSchema }: { tellsSchema: boolean }): OperationPlugin {
  return {
    onParse({ context: { call }, setParseFn }) {
      if (!call.operation)
        setParseFn((source, options) => parse(source, { ...options, maxTokens: documentLimits.tokens }));
    },
    onValidate({ context: { call }, addValidationRule, setValidationFn }) {
      // A document that is known has passed.
      if (call.operation) return;
      addValidationRule(limitsRule);
      if (!tellsSchema) addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema: GraphQLSchema, document: DocumentNode, rules: readonly ValidationRule[]) => {
        // Without the rules of graphql-js, one of which throws at a condition with a variable there.
        const conditions = validate(schema, document, [conditionRule]);
        if (conditions.length === 0) return validate(schema, document, rules, { maxErrors: MAX_ERRORS });
        return [...conditions, ...validate(schema, document, [limitsRule])].slice(0, MAX_ERRORS);
      });
    },
  };
}

const NO_CONDITION = 'The root field of a subscription takes neither @skip nor @include.';

/** Without its root field a subscription has no source. The GraphQL specification forbids these directives there too. */
function conditionalRootsOf(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  seen = new Set<string>(),
): SelectionNode[] {
  return selections.flatMap((selection) => {
    const isConditional = selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include');
    if (isConditional) return [selection];
    if (selection.kind === Kind.FIELD) return [];
    const inside = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragmentOnce(context, selection, seen);
    return inside ? conditionalRootsOf(context, inside.selectionSet, seen) : [];
  });
}

/** Undefined for a fragment that was seen before, so that a cycle ends. */
function fragmentOnce(context: ValidationContext, { name }: FragmentSpreadNode, seen: Set<string>) {
  if (seen.has(name.value)) return undefined;
  seen.add(name.value);
  return context.getFragment(name.value);
}

function conditionRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === OperationTypeNode.SUBSCRIPTION)
        for (const nodes of conditionalRootsOf(context, selectionSet))
          context.reportError(new GraphQLError(NO_CONDITION, { nodes }));
      return false;
    },
  };
}

function limitsRule(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(operation) {
      const measure = measureOperation(context.getSchema(), context.getDocument(), operation);
      for (const name of ['depth', 'aliases', 'directives', 'cost'] as const) {
        if (measure[name] <= documentLimits[name]) continue;
        const message = `The ${name} of this operation is over the limit of ${documentLimits[name]}.`;
        context.reportError(new GraphQLError(message, { nodes: operation }));
      }
      return false;
    },
  };
}

/**
 * Measures an operation with its fragments in place; `cost` is about how many values it may return. Every fragment is
 * measured once, so that fragments which spread each other twice cost nothing to reject.
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Measure {
  const definitions = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const measured = new Map<string, Measure>();
  const fragment = (name: string): Measure => {
    const known = measured.get(name);
    if (known) return known;
    // A cycle ends here; another rule reports it.
    measured.set(name, nothing);
    const definition = definitions.get(name);
    if (!definition) return nothing;
    const on = schema.getType(definition.typeCondition.name.value);
    const inside = measureSelections(definition.selectionSet, on, walk);
    const measure = plusDirectives(inside, definition.directives?.length);
    measured.set(name, measure);
    return measure;
  };
  const walk = { schema, fragment };
  const root = schema.getRootType(operation.operation) ?? undefined;
  return plusDirectives(measureSelections(operation.selectionSet, root, walk), operation.directives?.length);
}

const plusDirectives = (measure: Measure, count = 0): Measure => ({
  ...measure,
  directives: measure.directives + count,
});

/** What a walk over the selections needs to know on its way. */
type Walk = { schema: GraphQLSchema; fragment(name: string): Measure };
type Parent = GraphQLNamedType | undefined;

function measureSelections({ selections }: SelectionSetNode, parent: Parent, walk: Walk): Measure {
  const sum = { ...nothing };
  for (const selection of selections) {
    const measure = measureSelection(selection, parent, walk);
    sum.depth = Math.max(sum.depth, measure.depth);
    sum.aliases += measure.aliases;
    sum.directives += measure.directives + (selection.directives?.length ?? 0);
    sum.cost += measure.cost;
  }
  return sum;
}

function measureSelection(selection: SelectionNode, parent: Parent, walk: Walk): Measure {
  if (selection.kind === Kind.FRAGMENT_SPREAD) return walk.fragment(selection.name.value);
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    const on = selection.typeCondition?.name.value;
    return measureSelections(selection.selectionSet, on ? walk.schema.getType(on) : parent, walk);
  }
  // Introspection reads no data, and its standard query is deep. Production refuses it.
  if (selection.name.value === '__schema' || selection.name.value === '__type')
    return { ...nothing, depth: 1, cost: 1 };
  const definition =
    isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[selection.name.value] : undefined;
  const type = definition && getNamedType(definition.type);
  const inside = selection.selectionSet ? measureSelections(selection.selectionSet, type, walk) : nothing;
  return {
    depth: inside.depth + 1,
    aliases: inside.aliases + (selection.alias ? 1 : 0),
    directives: inside.directives,
    cost: 1 + inside.cost * answersAtMost(selection, definition),
  };
}

/** How many objects the field is counted as. */
function answersAtMost(field: FieldNode, definition: GraphQLField<unknown, unknown> | undefined): number {
  const argument = (name: string) => definition?.args.find((one) => one.name === name);
  const first = argument('first');
  // As the list itself sees it: `last` decides where it is given.
  const last = argument('last') && sizeGiven(field, 'last');
  if (last !== undefined) return last;
  if (first) return sizeGiven(field, 'first') ?? Number(first.defaultValue ?? MAX_SIZE);
  return definition && isListType(getNullableType(definition.type)) && !CONNECTION_LISTS.has(field.name.value)
    ? UNPAGED_LIST
    : 1;
}

function sizeGiven(field: FieldNode, name: string): number | undefined {
  const given = field.arguments?.find((argument) => argument.name.value === name)?.value;
  if (!given || given.kind === Kind.NULL) return undefined;
  return given.kind === Kind.INT ? Math.max(1, Number(given.value)) : MAX_SIZE;
}
