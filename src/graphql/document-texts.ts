import { hash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GraphqlParams } from './params.ts';

export type TextRules = {
  /** Only trusted documents are executed, and introspection is refused. */
  readonly onlyTrusted: boolean;
  /** The SHA-256 of a document's text in hex, with or without `sha256:` before it, to the text. */
  readonly trusted?: Readonly<Record<string, string>> | undefined;
};

export type DocumentTexts = {
  /** The text that the client asks for, or why it is not executed. */
  find(params: Pick<GraphqlParams, 'query' | 'documentId'>): string | GraphQLError;
  /** Remembers a text that a client sent with its id and that has passed every check: the id alone is enough from now on. */
  keep(params: Pick<GraphqlParams, 'query' | 'documentId'>, text: string): void;
};

/** A request that names nothing to execute. */
export const NO_DOCUMENT = 'The request has neither `query` nor the id of a document.';

const KEPT_AT_MOST = 1_000;

const refusal = (code: string, message: string) => new GraphQLError(message, { extensions: { code } });
export const badRequest = (message: string) => refusal('BAD_REQUEST', message);
/** Apollo's and urql's clients know these two by their messages. After the first they send the text with its id. */
const notFound = () => refusal('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
const notSupported = () => refusal('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');

const idOf = (documentId: string): string => documentId.replace(/^sha256:/i, '').toLowerCase();

/** Trusted documents, and automatic persisted queries where any document is executed. @throws Error for another hash */
export function openDocumentTexts({ onlyTrusted, trusted: given = {} }: TextRules): DocumentTexts {
  const trusted = new Map(Object.entries(given).map(([id, text]) => [idOf(id), text]));
  for (const [id, text] of trusted) {
    if (hash('sha256', text) !== id)
      throw new Error(`The id of the trusted document ${id} is not the SHA-256 of its text.`);
  }
  const persisted = new LRUCache<string, string>({ max: KEPT_AT_MOST });

  const textOfId = (id: string): string | GraphQLError => trusted.get(id) ?? persisted.get(id) ?? notFound();
  const textWithId = (query: string, id: string): string | GraphQLError => {
    if (hash('sha256', query) !== id) return badRequest('The id of the document is not the SHA-256 of `query`.');
    return onlyTrusted && !trusted.has(id) ? notSupported() : query;
  };

  return {
    find({ query, documentId }) {
      if (documentId !== undefined)
        return query === undefined ? textOfId(idOf(documentId)) : textWithId(query, idOf(documentId));
      if (query === undefined) return badRequest(NO_DOCUMENT);
      if (!onlyTrusted || trusted.has(hash('sha256', query))) return query;
      return badRequest('This server accepts only trusted documents, and this one is not trusted.');
    },
    keep({ query, documentId }, text) {
      if (query === undefined || documentId === undefined) return;
      const id = idOf(documentId);
      if (!trusted.has(id)) persisted.set(id, text);
    },
  };
}
