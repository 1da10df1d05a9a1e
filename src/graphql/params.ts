import { z } from 'zod';

/** What a client sends, on every transport. */
export type GraphqlParams = {
  query?: string | undefined;
  /** The SHA-256 of a document's text in hex, with or without `sha256:` before it. Beside a `query` it is the query's. */
  documentId?: string | undefined;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
};

const record = z.record(z.string(), z.unknown(), { error: 'must be an object' });
const text = z.string({ error: 'must be a text' });
const params = z.object({
  query: text.nullish(),
  documentId: text.max(200, 'must have at most 200 characters').nullish(),
  operationName: text.max(200, 'must have at most 200 characters').nullish(),
  variables: record.nullish(),
  extensions: z
    .looseObject(
      {
        /** Where clients of a protocol without the field put it. */
        documentId: text.max(200, 'must have at most 200 characters').nullish(),
        /** How Apollo's and urql's clients name a persisted document. */
        persistedQuery: z
          .looseObject(
            {
              version: z.literal(1, { error: 'must be 1' }).optional(),
              sha256Hash: text.max(200, 'must have at most 200 characters'),
            },
            { error: 'must be an object' },
          )
          .nullish(),
      },
      { error: 'must be an object' },
    )
    .nullish(),
});

type Read = { readonly params: GraphqlParams } | { readonly problem: string };

/**
 * What a client sent, on every transport; or what is wrong with it. An array is refused because a batch would get around
 * every limit of an operation.
 */
export function toGraphqlParams(body: unknown): Read {
  if (Array.isArray(body)) return { problem: 'Batches are not accepted. Send each operation in its own request.' };
  if (typeof body !== 'object' || body === null)
    return { problem: 'The body is not a GraphQL request. It must be a JSON object: { "query": "..." }.' };
  const parsed = params.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `\`${issue?.path.join('.')}\` ${issue?.message}.` };
  }
  const { query, documentId, operationName, variables, extensions } = parsed.data;
  return {
    params: {
      // The graphql-ws client sends a text beside an id in any case: an empty one counts as absent.
      query: query || undefined,
      documentId: documentId ?? extensions?.documentId ?? extensions?.persistedQuery?.sha256Hash,
      // Some clients send an empty one for an anonymous operation.
      operationName: operationName || undefined,
      variables: variables ?? undefined,
    },
  };
}

/** Of a GET. Variables and extensions are JSON in the query string. */
export function toGraphqlParamsFromQuery(search: URLSearchParams): Read {
  const body: Record<string, unknown> = {};
  for (const name of ['query', 'documentId', 'operationName']) body[name] = search.get(name);
  for (const name of ['variables', 'extensions']) {
    try {
      body[name] = JSON.parse(search.get(name) || 'null');
    } catch {
      return { problem: `\`${name}\` must be JSON.` };
    }
  }
  return toGraphqlParams(body);
}
