import { Agent, request as httpRequest } from 'node:http';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
export type Json = any;

export type Operation = { readonly query: string; readonly variables?: object };
export type GraphqlAnswer = { status: number; data: Json; errors?: Json[] };

export type SendOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
};

/** Sends one GraphQL request over HTTP. Resolves when the answer begins; the caller reads its body. */
export function send(apiUrl: string, operation: Operation, { headers, signal }: SendOptions = {}): Promise<Response> {
  return fetch(`${apiUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    ...(signal && { signal }),
  });
}

/** One GraphQL request over HTTP, as a client sends it. Rejects when no JSON comes back. */
export async function post(
  apiUrl: string,
  operation: Operation,
  headers: Readonly<Record<string, string>> = {},
): Promise<GraphqlAnswer> {
  const response = await send(apiUrl, operation, { headers });
  return { status: response.status, ...((await response.json()) as { data: Json; errors?: Json[] }) };
}

/** Resolves also when the connection is cut or the answer is invalid: with `NO_ANSWER` and a second to wait. */
export const patiently = (asking: Promise<GraphqlAnswer>): Promise<GraphqlAnswer> =>
  asking.catch(() => ({
    status: 0,
    data: undefined,
    errors: [{ extensions: { code: 'NO_ANSWER', retryAfterSeconds: 1 } }],
  }));

/** `closes`: the server asks the client not to use the connection again. */
export type KeptAnswer = { readonly status: number; readonly text: string; readonly closes: boolean };

/** A client that keeps its connections, as browsers and balancers do. `fetch` does not show when a server ends one. */
export class KeptConnections {
  readonly #agent: Agent;
  readonly #timeoutMs: number | undefined;

  /** @param timeoutMs a request without a byte for this long fails; default: never */
  constructor({ connections = 1, timeoutMs }: { connections?: number; timeoutMs?: number } = {}) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Rejects with the system's error code when no answer comes.
   * @param isEnough of the text so far: the rest of the answer is not awaited, and its connection ends
   */
  send(
    apiUrl: string,
    operation: Operation,
    headers: Readonly<Record<string, string>> = {},
    isEnough: (text: string) => boolean = () => false,
  ): Promise<KeptAnswer> {
    return new Promise((resolve, reject) => {
      const all = { 'content-type': 'application/json', ...headers };
      const given = { method: 'POST', agent: this.#agent, headers: all };
      const options = this.#timeoutMs === undefined ? given : { ...given, timeout: this.#timeoutMs };
      const sent = httpRequest(`${apiUrl}/graphql`, options, (response) => {
        let text = '';
        const settle = () =>
          resolve({ status: response.statusCode ?? 0, text, closes: response.headers.connection === 'close' });
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part;
          if (!isEnough(text)) return;
          settle();
          response.destroy();
        });
        response.on('error', reject).on('end', settle);
      });
      sent.on('timeout', () => sent.destroy(new Error('Nothing was answered.')));
      sent.on('error', reject);
      sent.end(JSON.stringify(operation));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
