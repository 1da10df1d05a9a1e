import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Arrival } from '#graphql/overload/overload-control.ts';

/** What is wrong with a request before it is GraphQL. */
export type Problem = {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The body of a POST: JSON, or undefined when it is not. */
export type Body = Problem | { readonly json: unknown };

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
  /** Once it was read. */
  body?: Promise<Body>;
  /** The process was not too busy for it. */
  arrival?: Arrival | undefined;
};

const REQUEST_ID = /^[\w-]{8,64}$/;

/** Keeps a valid id of the caller, so that both logs can be joined. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
