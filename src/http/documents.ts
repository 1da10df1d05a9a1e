import { hash } from 'node:crypto';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { measureOperation, readDocument } from './document-limits.ts';

/** What a client sends, on every transport. */
export type GraphqlParams = {
  query?: string | undefined;
  /** `sha256:<hex>` or the bare hex of a trusted document's text. */
  documentId?: string | undefined;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
};

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

const badRequest = (message: string) => ({
  errors: [new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } })],
});

/**
 * From what a client sends to what may be executed; every transport comes through here. `trusted` maps the SHA-256 of a
 * document's text to the text; with `onlyTrusted` nothing else is executed, and the schema does not tell about itself.
 * Checked documents are kept, the least recently used go first.
 */
export function openDocuments(options: {
  schema: GraphQLSchema;
  onlyTrusted: boolean;
  trusted?: Readonly<Record<string, string>> | undefined;
}): Documents {
  const trusted = new Map(Object.entries(options.trusted ?? {}));
  for (const [id, text] of trusted) {
    if (hash('sha256', text) !== id) throw new Error(`The trusted document ${id} has another hash.`);
  }
  const kept = new Map<string, Operation>();

  const textOf = ({ query, documentId }: GraphqlParams): string | undefined => {
    if (documentId !== undefined) return trusted.get(documentId.replace(/^sha256:/, ''));
    if (query === undefined || !options.onlyTrusted) return query;
    return trusted.has(hash('sha256', query)) ? query : undefined;
  };

  return {
    find(params) {
      if (params.query === undefined && params.documentId === undefined) return badRequest('There is no `query`.');
      const text = textOf(params);
      if (text === undefined) return badRequest('Only trusted documents are executed here, and this is none.');
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
      if (!ast) return badRequest('`operationName` does not name one operation of the document.');
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
