import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request with its response. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly requestId: string;
  /** Of the client, behind a proxy if there is one. */
  readonly address: string;
  /** Sent with every response. */
  readonly headers: Record<string, string>;
};

const REQUEST_ID = /^[\w-]{8,64}$/;

/** Keeps a valid id of the caller, so that both logs can be joined. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
