import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { Client, Errors } from 'typesense';
import { withDeadline } from '#shared/deadline.ts';
import { namesFor } from './event-collection.ts';
import { SearchUnavailable } from './event-search.ts';
import { openNodes } from './nodes.ts';
import { openSearchSlots } from './search-slots.ts';

export type SearchClientOptions = {
  /** The server, or the nodes of a cluster, separated by commas. */
  url: string;
  apiKey: string;
  /** The prefix of the names of collections and aliases, when several systems share a server. */
  prefix?: string;
  /** How many searches run at once: the engine's cores, divided among the processes that ask it. */
  inFlight?: number;
  /** How many searches may wait. */
  queue?: number;
  /** The time limit of one search, waiting included. */
  budgetMs?: number;
};

/** A search's parameters, as `/multi_search` takes them. */
export type SearchParameters = { readonly collection: string; readonly q: string } & Readonly<
  Record<string, string | number | boolean | undefined>
>;

export type SearchAnswer = {
  found: number;
  hits?: { document: Record<string, unknown> }[];
  facet_counts?: {
    field_name: string;
    counts: { value: string; count: number }[];
    stats?: { total_values?: number };
  }[];
};

export type SearchClient = ReturnType<typeof openSearchClient>;

const FAILURES_THAT_OPEN = 3;
/** No index yet, too slow, too many. */
const NOT_NOW = new Set([404, 408, 429]);
const HALF_OPEN_AFTER_MS = 1000;
/**
 * The part of a search's time that it may wait. A search that began just before its end would fail as if the engine
 * were slow, and the engine would finish it for no caller.
 */
const WAITING_SHARE = 0.5;
const PROBE_MS = 900;

/**
 * Two ways to one Typesense: `search` for the hot path (undici: a quarter of the official client's CPU per call)
 * behind a queue with slots, a time budget and a circuit breaker; `admin`, the official client, for schema, aliases and indexing.
 */
export function openSearchClient(options: SearchClientOptions) {
  const { inFlight = 2, queue = 64, budgetMs = 300 } = options;
  const urls = options.url.split(',').map((url) => new URL(url.trim()));
  const nodes = openNodes(urls, { connections: inFlight, connect: { timeout: budgetMs } });
  const slots = openSearchSlots({ inFlight, queue });
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof SearchUnavailable),
    { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(FAILURES_THAT_OPEN) },
  );

  const post = async (body: string, signal: AbortSignal): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json', 'x-typesense-api-key': options.apiKey };
    return await nodes.ask(async (pool) => {
      const response = await pool.request({ path: '/multi_search', method: 'POST', headers, body, signal });
      return { status: response.statusCode, text: await response.body.text() };
    });
  };
  const ask = async (body: string, signal: AbortSignal): Promise<SearchAnswer[]> => {
    const { status, text } = await post(body, signal);
    if (status !== 200)
      throw new SearchUnavailable(`Typesense answered ${status}: ${text}`, { cause: new TypesenseReply(status) });
    return answersIn(text);
  };

  return {
    names: namesFor(options.prefix ?? ''),
    admin: openAdmin(urls, options.apiKey),
    /**
     * Runs all searches in one round trip.
     *
     * @throws SearchBusy when there was no free slot in time
     * @throws SearchUnavailable when the engine did not answer in time, refused, or failed repeatedly just now
     */
    async search(searches: readonly SearchParameters[]): Promise<SearchAnswer[]> {
      const signal = AbortSignal.timeout(budgetMs);
      const body = JSON.stringify({ searches });
      try {
        // The queue is outside of the breaker, because a wait in our own queue says nothing about the engine.
        return await slots.run(AbortSignal.timeout(budgetMs * WAITING_SHARE), () =>
          breaker.execute(() => ask(body, signal)),
        );
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new SearchUnavailable('Typesense failed just now') : error;
      }
    },
    /** Whether the engine answers a search now, without queue and breaker. @throws SearchUnavailable, with the reason */
    async probe(): Promise<void> {
      const collection = namesFor(options.prefix ?? '').events;
      const searches = [{ collection, q: 'a', query_by: 'title', per_page: 1 }];
      await ask(JSON.stringify({ searches }), AbortSignal.timeout(PROBE_MS));
    },
    close: () => nodes.close(),
  };
}

/** The engine's response instead of results. */
class TypesenseReply extends Error {
  readonly httpStatus: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.httpStatus = status;
  }
}

function answersIn(text: string): SearchAnswer[] {
  const { results } = JSON.parse(text) as { results: (SearchAnswer & { error?: string; code?: number })[] };
  const failed = results.find((result) => result.error !== undefined);
  if (!failed) return results;
  const { code = 500, error } = failed;
  // A query that the engine cannot read says nothing about other queries: it must not open the breaker for them.
  if (code >= 400 && code < 500 && !NOT_NOW.has(code))
    throw new Error(`Typesense refused a search (${code}): ${error}`);
  if (code === 404) throw new SearchUnavailable('There is no index yet; a worker builds it.');
  throw new SearchUnavailable(`Typesense answered ${code}: ${error}`, { cause: new TypesenseReply(code) });
}

function openAdmin(urls: readonly URL[], apiKey: string): Client {
  const nodes = urls.map((url) => {
    const protocol = url.protocol.slice(0, -1);
    const port = Number(url.port) || (protocol === 'https' ? 443 : 80);
    return { host: url.hostname, port, protocol, path: url.pathname === '/' ? '' : url.pathname };
  });
  return new Client({
    nodes,
    // The same node as long as it works: another one may not have the latest writes yet.
    ...(nodes[0] && nodes.length > 1 ? { nearestNode: nodes[0] } : {}),
    apiKey,
    // With the defaults, a call to a server that is away takes ten seconds to fail.
    connectionTimeoutSeconds: 2,
    numRetries: urls.length,
    retryIntervalSeconds: 0.1,
    logLevel: 'silent',
  });
}

/**
 * Runs an administrative call. Errors that are temporary become SearchUnavailable; any other error is our mistake and
 * is thrown as it is.
 */
export async function whileAvailable<T>(call: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  try {
    // The official client has no time limit for an import.
    return await withDeadline(call(), timeoutMs, () => {
      throw new SearchUnavailable('Typesense did not answer');
    });
  } catch (error) {
    const status = error instanceof Errors.TypesenseError ? error.httpStatus : undefined;
    const isOurMistake =
      status !== undefined ? status < 500 && status !== 429 && status !== 408 : !isNetworkError(error);
    throw isOurMistake || error instanceof SearchUnavailable
      ? error
      : new SearchUnavailable('Typesense is away', { cause: error });
  }
}

const isNetworkError = (error: unknown): boolean =>
  error instanceof Error && ('isAxiosError' in error || 'code' in error || error instanceof Errors.TypesenseError);
