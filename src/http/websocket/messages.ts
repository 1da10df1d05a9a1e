import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';

/** The messages of the graphql-transport-ws protocol: https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md */

export const SUBPROTOCOL = 'graphql-transport-ws';

/**
 * Why a socket is closed. The graphql-ws client tries again after 1012, 1013, 4403 and 4408, and gives up after the
 * others.
 */
export const closeCodes = {
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badRequest: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  subprotocolNotAcceptable: 4406,
  initialisationTimeout: 4408,
  subscriberAlreadyExists: 4409,
  tooMany: 4429,
  internalServerError: 4500,
} as const;

export type SubscribePayload = {
  readonly query?: string;
  /** Of a trusted document; also read from `extensions`, where clients can put it. */
  readonly documentId?: unknown;
  readonly operationName?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly extensions?: Readonly<Record<string, unknown>>;
};

export type ClientMessage =
  | { type: 'connection_init' | 'ping' | 'pong'; payload: Readonly<Record<string, unknown>> }
  | { type: 'subscribe'; id: string; payload: SubscribePayload }
  | { type: 'complete'; id: string };

const MAX_ID_LENGTH = 128;

/** Why a message closes its socket; a close frame has room for 123 bytes. */
export const INVALID = 'Invalid message';
const BATCH = 'Batches are not accepted. Send each operation in its own message';

/** A text for anything that is not a message of a client: why. */
export function parseMessage(text: string): ClientMessage | string {
  const parsed = parseJson(text);
  const message = asRecord(parsed);
  if (!message) return Array.isArray(parsed) ? BATCH : INVALID;
  if (Array.isArray(message.payload)) return BATCH;
  const { type, id } = message;
  const payload = message.payload === undefined || message.payload === null ? {} : asRecord(message.payload);
  if (!payload) return INVALID;
  if (type === 'connection_init' || type === 'ping' || type === 'pong') return { type, payload };
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) return INVALID;
  if (type === 'complete') return { type, id };
  return type === 'subscribe' && isSubscribePayload(payload) ? { type, id, payload } : INVALID;
}

function isSubscribePayload(payload: Record<string, unknown>): payload is Record<string, unknown> & SubscribePayload {
  const { query, operationName, variables, extensions } = payload;
  return (
    [query, operationName].every((text) => isAbsent(text) || typeof text === 'string') &&
    [variables, extensions].every((record) => isAbsent(record) || asRecord(record) !== undefined)
  );
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asRecord = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;

/**
 * A `next` message is `nextHead(id)` followed by `nextTail(result)`: the head is the subscriber's own, the tail is the
 * same for all of a group.
 */
export const nextHead = (id: string): Buffer => Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
export const nextTail = (result: object): Buffer => Buffer.from(`${JSON.stringify(result)}}`);

/**
 * The message as a whole, unmasked WebSocket frame (RFC 6455, 5.2): one buffer, so that a socket costs one write and not
 * a vector of header, head and tail.
 */
export function nextFrame(head: Buffer, tail: Buffer): Buffer {
  const length = head.length + tail.length;
  const headerLength = headerLengthOf(length);
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = FINAL_TEXT;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.set(head, headerLength);
  frame.set(tail, headerLength + head.length);
  return frame;
}

const FINAL_TEXT = 0x81;

function headerLengthOf(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** The one result of a query or a mutation. */
export const resultMessage = (id: string, result: FormattedExecutionResult): string =>
  JSON.stringify({ id, type: 'next', payload: result });
export const errorMessage = (id: string, errors: readonly GraphQLFormattedError[]): string =>
  JSON.stringify({ id, type: 'error', payload: errors });
export const completeMessage = (id: string): string => JSON.stringify({ id, type: 'complete' });
export const ACK = JSON.stringify({ type: 'connection_ack' });
export const PONG = JSON.stringify({ type: 'pong' });
