import type { ServerResponse } from 'node:http';

/** On every response. Only GraphiQL's own page may run scripts. The server that terminates TLS sets HSTS. */
export const securityHeaders = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
} as const;

type Headers = Record<string, string | number>;

export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Headers = {}): void {
  answerText(response, status, JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8', ...headers });
}

export function answerText(response: ServerResponse, status: number, body: string | Buffer, headers: Headers): void {
  response.writeHead(status, { 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

type Problem = { code: string; message: string; requestId: string };

/** For what is wrong with a request before it is GraphQL: the same shape as a GraphQL error, so that clients read it. */
export const problemOf = ({ code, message, requestId }: Problem) => ({
  errors: [{ message, extensions: { code, requestId } }],
});

export function answerProblem(response: ServerResponse, status: number, problem: Problem, headers: Headers = {}): void {
  answerJson(response, status, problemOf(problem), headers);
}
