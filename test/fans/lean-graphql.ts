import { HttpConnection, postJson } from './lean-http.ts';

/** `lost`: no answer, or one without a definite result. */
export type Reply =
  | { readonly kind: 'data'; readonly data: Record<string, unknown> }
  | { readonly kind: 'error'; readonly code: string; readonly requestId: string; readonly afterSeconds: number }
  | { readonly kind: 'lost'; readonly why: string };

const PATIENCE_MS = 6_000;
const KEPT_BYTES = 200_000;

/**
 * One caller's connections to the api processes and to the gateway: one each, a request at a time. A request without
 * an answer in time ends its connection, because its answer might come for the next one.
 */
export class GraphqlClient {
  readonly #connections = new Map<number, HttpConnection>();

  async ask(port: number, request: { token: string; query: string; variables: object }): Promise<Reply> {
    const body = JSON.stringify({ query: request.query, variables: request.variables });
    const answer = await this.send(port, postJson('/graphql', body, request.token));
    if (typeof answer === 'string') return { kind: 'lost', why: answer };
    return readReply(answer.status, answer.body);
  }

  /** The bytes of a request; a string is the reason why there is no answer. */
  async send(port: number, request: string): Promise<{ status: number; body: string } | string> {
    const connection = this.#connectionTo(port);
    const late = setTimeout(() => connection.fail(new Error('TIMEOUT')), PATIENCE_MS);
    try {
      const { status, start } = await connection.send(request);
      return { status, body: start };
    } catch (error) {
      this.#connections.delete(port);
      if (error instanceof Error && 'code' in error) return String(error.code);
      return error instanceof Error ? error.message : String(error);
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #connectionTo(port: number): HttpConnection {
    const open = this.#connections.get(port);
    if (open && !open.isClosed) return open;
    const connection = new HttpConnection(port, KEPT_BYTES);
    this.#connections.set(port, connection);
    return connection;
  }
}

type Answer = {
  data?: Record<string, unknown> | null;
  errors?: { extensions?: { code?: string; requestId?: string; retryAfterSeconds?: number } }[];
};

function readReply(status: number, body: string): Reply {
  let answer: Answer;
  try {
    answer = JSON.parse(body);
  } catch {
    return { kind: 'lost', why: `HTTP ${status}` };
  }
  const [error] = answer.errors ?? [];
  if (error) {
    const { code = `HTTP ${status}`, requestId = '', retryAfterSeconds: afterSeconds = 0 } = error.extensions ?? {};
    return { kind: 'error', code, requestId, afterSeconds };
  }
  return answer.data ? { kind: 'data', data: answer.data } : { kind: 'lost', why: `HTTP ${status}` };
}
