import { type DocumentNode, GraphQLError, getOperationAST, Kind, visit } from 'graphql';
import type { Operation as CheckedOperation, Documents } from '../documents.ts';
import { toGraphqlParams } from '../graphql-params.ts';
import type { SubscribePayload } from './messages.ts';

/** A subscription that may be executed, with what grouping needs to know about it. */
export type Operation = {
  readonly document: DocumentNode;
  /** As the checks left it. */
  readonly checked: CheckedOperation;
  readonly name: string | undefined;
  /** The one root field; undefined when it hides in a fragment. */
  readonly field: string | undefined;
  /**
   * The variables that decide what a subscriber gets, without those that only say where it starts. What a client sends
   * beside them decides nothing, and may be nested deeper than it can be written.
   */
  readonly keyVariables: readonly string[];
  /** Equal for equal document texts and operation names. */
  readonly key: string;
};

export type OperationRules = {
  /** The same look-up and checks as on HTTP. */
  documents: Documents;
  /** For a root field, its argument that only says where to start. */
  positionArguments?: Readonly<Record<string, string>>;
};

type Refused = { readonly errors: readonly GraphQLError[] };

const badRequest = (message: string): Refused => ({
  errors: [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })],
});

/** From what a client sends to a subscription that may be executed. */
export class Operations {
  readonly #rules: OperationRules;
  readonly #known = new WeakMap<CheckedOperation, Operation>();

  constructor(rules: OperationRules) {
    this.#rules = rules;
  }

  /** Never throws: a document that is refused is an error on its operation, and no reason to close the socket. */
  prepare(payload: SubscribePayload): Operation | Refused {
    try {
      const read = toGraphqlParams(payload);
      if ('problem' in read) return badRequest(read.problem);
      const checked = this.#rules.documents.find(read.params);
      if ('errors' in checked) return checked;
      if (checked.type !== 'subscription')
        return badRequest('WebSocket is for subscriptions only. Send queries and mutations over HTTP.');
      const operation = this.#known.get(checked) ?? this.#describe(checked);
      this.#known.set(checked, operation);
      return operation;
    } catch {
      return badRequest('This document is not accepted.');
    }
  }

  #describe(checked: CheckedOperation): Operation {
    const { document, name, text } = checked;
    const operation = getOperationAST(document, name);
    const declared = operation?.variableDefinitions?.map(({ variable }) => variable.name.value).sort() ?? [];
    const common = { document, checked, name, key: JSON.stringify([name ?? null, text]) };
    const [selection, ...others] = operation?.selectionSet.selections ?? [];
    if (selection?.kind !== Kind.FIELD || others.length > 0)
      return { ...common, field: undefined, keyVariables: declared };
    const field = selection.name.value;
    const argumentName = this.#rules.positionArguments?.[field];
    const value = selection.arguments?.find((argument) => argument.name.value === argumentName)?.value;
    const position =
      value?.kind === Kind.VARIABLE && countUses(document, value.name.value) === 1 ? value.name.value : undefined;
    return { ...common, field, keyVariables: declared.filter((variable) => variable !== position) };
  }
}

/** Its definition does not count. */
function countUses(document: DocumentNode, variable: string): number {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable(node) {
      if (node.name.value === variable) uses++;
    },
  });
  return uses;
}
