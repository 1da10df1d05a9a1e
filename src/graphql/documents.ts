import {
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { measureOperation } from './document-limits.ts';
import { badRequest, openDocumentTexts, type TextRules } from './document-texts.ts';
import type { Operation } from './operation.ts';
import type { GraphqlParams } from './params.ts';
import { type OperationPlugin, paramsOf } from './plugin.ts';

const KEPT_AT_MOST = 1_000;

/**
 * Finds the document that a client asks for by its text or its id, and keeps documents that passed every check; the
 * least recently used ones go first. Each request counts as one use of its document.
 */
export function useDocuments(options: { schema: GraphQLSchema } & TextRules): OperationPlugin {
  const texts = openDocumentTexts(options);
  const kept = new LRUCache<string, Operation>({ max: KEPT_AT_MOST });
  return {
    onEnveloped({ context }) {
      if (!context) return;
      const params = paramsOf(context);
      const text = texts.find({ query: params.query || undefined, documentId: params.documentId });
      // Yoga and later plug-ins read the text from the parameters.
      params.query = typeof text === 'string' ? text : '';
      if (typeof text !== 'string') context.call.refused = text;
    },
    onParse({ context, setParsedDocument }) {
      const { call } = context;
      if (call.refused) throw call.refused;
      const params = paramsOf(context);
      const key = keyOf(params);
      const known = kept.get(key);
      if (!known) return ({ result }) => void (result instanceof Error || requireOperation(result, params));
      known.uses++;
      texts.keep(params, known.text);
      call.operation = known;
      setParsedDocument(known.document);
    },
    onValidate({ context, params: { documentAST }, setResult }) {
      // It was validated when it came first.
      if (context.call.operation) return setResult([]);
      return ({ valid }) => {
        if (!valid) return;
        const params = paramsOf(context);
        const operation = describe(options.schema, documentAST, params);
        texts.keep(params, operation.text);
        context.call.operation = operation;
        kept.set(keyOf(params), operation);
      };
    },
  };
}

const keyOf = ({ operationName = '', query = '' }: GraphqlParams): string => `${operationName}\n${query}`;

function requireOperation(document: DocumentNode, { operationName }: GraphqlParams): OperationDefinitionNode {
  const operation = getOperationAST(document, operationName);
  if (!operation) throw badRequest('`operationName` does not name one operation of the document.');
  return operation;
}

function describe(schema: GraphQLSchema, document: DocumentNode, params: GraphqlParams): Operation {
  const ast = requireOperation(document, params);
  return {
    text: params.query ?? '',
    document,
    type: ast.operation,
    name: ast.name?.value,
    field: rootFieldOf(document, ast.selectionSet),
    cost: measureOperation(schema, document, ast).cost,
    uses: 1,
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
