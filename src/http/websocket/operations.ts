import type { DocumentNode } from 'graphql';
import { getOperationAST, Kind, visit } from 'graphql';
import type { Operation as CheckedOperation } from '#graphql/operation.ts';

/** A subscription as it is executed, with what grouping needs to know about it. */
export type Operation = {
  readonly checked: CheckedOperation;
  /** The one root field; undefined when it is in a fragment. */
  readonly field: string | undefined;
  /**
   * The variables that decide what a subscriber gets, without those that only say where it starts. Further variables that
   * a client sends decide nothing, and may be nested too deeply to be written as JSON.
   */
  readonly keyVariables: readonly string[];
  /** Equal for equal document texts and operation names. */
  readonly key: string;
};

/** Describes each checked operation once. */
export class Operations {
  readonly #positionArguments: Readonly<Record<string, string>>;
  readonly #known = new WeakMap<CheckedOperation, Operation>();

  /** `positionArguments`: for a root field, its argument that only says where to start. */
  constructor(positionArguments: Readonly<Record<string, string>>) {
    this.#positionArguments = positionArguments;
  }

  of(checked: CheckedOperation): Operation {
    const operation = this.#known.get(checked) ?? this.#describe(checked);
    this.#known.set(checked, operation);
    return operation;
  }

  #describe(checked: CheckedOperation): Operation {
    const { document, name, text } = checked;
    const operation = getOperationAST(document, name);
    const declared = operation?.variableDefinitions?.map(({ variable }) => variable.name.value).sort() ?? [];
    const common = { checked, key: JSON.stringify([name ?? null, text]) };
    const [selection, ...others] = operation?.selectionSet.selections ?? [];
    if (selection?.kind !== Kind.FIELD || others.length > 0)
      return { ...common, field: undefined, keyVariables: declared };
    const field = selection.name.value;
    const argumentName = this.#positionArguments[field];
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
