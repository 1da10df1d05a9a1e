import { ServerClock } from '@frontrow/seatmap/clock';
import { formatDocument, stringifyDocument, type TypedDocumentNode } from '@urql/core';

/** The clock of the server, from every answer. */
export const clock = new ServerClock();

/** Sends an operation without a token and outside of the cache. Returns undefined when no answer comes. */
export async function plainRequest<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data | undefined> {
  // The form in which urql sends documents, which the manifest of trusted documents has too.
  const query = stringifyDocument(formatDocument(document));
  const headers = { 'content-type': 'application/json' };
  try {
    const body = JSON.stringify({ query, variables });
    const response = await clock.measure(() => fetch('/graphql', { method: 'POST', headers, body }));
    return ((await response.json()) as { data?: Data }).data;
  } catch {
    return undefined;
  }
}

const ATTEMPTS = 4;
const LONGEST_WAIT_S = 10;

/** Sends a query again after the time that a busy API names, because a fan can do nothing better than that. */
export async function patiently(body: unknown, send: () => Promise<Response>): Promise<Response> {
  const isQuery = typeof body === 'string' && /"query":"(?:query\b|\{)/.test(body);
  for (let attempt = 1; ; attempt++) {
    const response = await send();
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    if (!isQuery || attempt === ATTEMPTS || !(seconds <= LONGEST_WAIT_S)) return response;
    await new Promise((done) => setTimeout(done, seconds * 1000));
  }
}
