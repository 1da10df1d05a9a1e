import { z } from 'zod';
import type { GraphqlParams } from './documents.ts';

const variables = z.record(z.string(), z.unknown());
const params = z.object({
  query: z.string().nullish(),
  documentId: z.string().max(200).nullish(),
  operationName: z.string().max(200).nullish(),
  variables: variables.nullish(),
  /** How Apollo's clients name a persisted document. */
  extensions: z.looseObject({ persistedQuery: z.looseObject({ sha256Hash: z.string() }).optional() }).nullish(),
});

/** Undefined for whatever is no GraphQL request, and for an array of them: batching would get around every limit. */
export function toGraphqlParams(body: unknown): GraphqlParams | undefined {
  const parsed = params.safeParse(body);
  if (!parsed.success) return undefined;
  const { query, documentId, operationName, variables, extensions } = parsed.data;
  return {
    query: query ?? undefined,
    documentId: documentId ?? (query ? undefined : extensions?.persistedQuery?.sha256Hash),
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
  };
}

/** Of a GET. Variables are JSON in the query string. */
export function toGraphqlParamsFromQuery(search: URLSearchParams): GraphqlParams | undefined {
  try {
    const asJson = (name: string): unknown => JSON.parse(search.get(name) ?? 'null');
    return toGraphqlParams({
      query: search.get('query'),
      documentId: search.get('documentId'),
      operationName: search.get('operationName'),
      variables: asJson('variables'),
      extensions: asJson('extensions'),
    });
  } catch {
    return undefined;
  }
}
