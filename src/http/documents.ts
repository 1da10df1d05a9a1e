import {
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { measureOperation, readDocument } from './document-limits.ts';
import { badRequest, openDocumentTexts, type TextRules } from './document-texts.ts';
import type { GraphqlParams } from './graphql-params.ts';

/** A document that passed every check, and the one operation of it that was asked for. */
export type Operation = {
  readonly text: string;
  readonly document: DocumentNode;
  readonly type: OperationTypeNode;
  /** As its author called it; undefined for an anonymous one. */
  readonly name: string | undefined;
  /** Its root field, or `several`: what it is counted as, since its name is the client's to choose. */
  readonly field: string;
  /** About how many values it may answer. */
  readonly cost: number;
  /** How often it was asked for: what comes again is worth compiling. */
  uses: number;
};

export type Documents = {
  find(params: GraphqlParams): Operation | { readonly errors: readonly GraphQLError[] };
};

const KEPT_AT_MOST = 1_000;

/**
 * From what a client sends to what may be executed; every transport comes through here. Checked documents are kept, the
 * least recently used go first.
 */
export function openDocuments(options: { schema: GraphQLSchema } & TextRules): Documents {
  const texts = openDocumentTexts(options);
  const kept = new Map<string, Operation>();

  return {
    find(params) {
      const text = texts.find(params);
      if (typeof text !== 'string') return { errors: [text] };
      const key = `${params.operationName ?? ''}\n${text}`;
      const known = kept.get(key);
      if (known) {
        known.uses++;
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      const read = readDocument(options.schema, text, { introspection: !options.onlyTrusted });
      if ('errors' in read) return read;
      const ast = getOperationAST(read.document, params.operationName);
      if (!ast) return { errors: [badRequest('`operationName` does not name one operation of the document.')] };
      texts.keep(params, text);
      const operation = {
        text,
        document: read.document,
        type: ast.operation,
        name: ast.name?.value,
        field: rootFieldOf(read.document, ast.selectionSet),
        cost: measureOperation(options.schema, read.document, ast).cost,
        uses: 1,
      };
      kept.set(key, operation);
      if (kept.size > KEPT_AT_MOST) kept.delete(kept.keys().next().value ?? '');
      return operation;
    },
  };
}

function rootFieldOf(document: DocumentNode, selections: SelectionSetNode): string {
  const fields = new Set(rootFieldsOf(document, selections));
  const [first = 'several'] = fields;
  return fields.size === 1 ? first : 'several';
}

/** The document is valid, so its fragments are no circle. */
function rootFieldsOf(document: DocumentNode, { selections }: SelectionSetNode): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection.name.value];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFieldsOf(document, selection.selectionSet);
    const name = selection.name.value;
    return document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name
        ? rootFieldsOf(document, node.selectionSet)
        : [],
    );
  });
}
