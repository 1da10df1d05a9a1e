import type { Duplex } from 'node:stream';

/** A refusal at the level of HTTP has the same body as a GraphQL error, so that clients read it. */
export type Refusal = {
  /** `408 Request Timeout`. */
  readonly status: string;
  readonly code: 'BAD_REQUEST' | 'RATE_LIMITED' | 'TEMPORARILY_UNAVAILABLE';
  readonly message: string;
  readonly retryAfterSeconds?: number;
};

/** Why a request is refused whose bytes Node's parser does not accept, or which comes too slowly. */
export const malformed: Refusal = {
  status: '400 Bad Request',
  code: 'BAD_REQUEST',
  message: 'The request is not valid HTTP.',
};
export const headersTooLarge: Refusal = {
  status: '431 Request Header Fields Too Large',
  code: 'BAD_REQUEST',
  message: 'The headers of the request are too large.',
};
export const tooSlow: Refusal = {
  status: '408 Request Timeout',
  code: 'BAD_REQUEST',
  message: 'The request did not arrive in time. Send it again.',
};

export function bodyOfRefusal({ code, message, retryAfterSeconds }: Omit<Refusal, 'status'>): string {
  const extensions = { code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  return JSON.stringify({ errors: [{ message, extensions }] });
}

/** Answers on a connection that has left HTTP or cannot go on with it: the connection ends with the answer. */
export function refuseStream(stream: Duplex, refusal: Refusal): void {
  const body = bodyOfRefusal(refusal);
  const { status, retryAfterSeconds } = refusal;
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    ...(retryAfterSeconds === undefined ? [] : [`Retry-After: ${retryAfterSeconds}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  stream.on('error', () => stream.destroy());
  stream.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
