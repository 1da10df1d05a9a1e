import type { IncomingMessage } from 'node:http';
import type { Graphql } from '#graphql/graphql.ts';
import type { AddressOf } from '../client-address.ts';

export type WebSocketLimits = {
  /** From the upgrade to a valid `connection_init`. */
  initSeconds: number;
  messageBytes: number;
  messagesPerSecond: number;
  subscriptionsPerSocket: number;
  socketsPerViewer: number;
  socketsPerAddress: number;
  sockets: number;
  /** A ping goes out as often; who has not answered by the next one is gone. */
  pingSeconds: number;
  /** How long a socket may take nothing of what is waiting for it. */
  stallSeconds: number;
};

export const defaultLimits: WebSocketLimits = {
  initSeconds: 3,
  messageBytes: 64 * 1024,
  messagesPerSecond: 20,
  subscriptionsPerSocket: 10,
  socketsPerViewer: 5,
  socketsPerAddress: 200,
  sockets: 20_000,
  pingSeconds: 15,
  stallSeconds: 30,
};

/** What is known of a socket's upgrade request for as long as the socket lives. */
export type Handshake = { readonly address: string; readonly origin: string | undefined };

export type WebSocketOptions = {
  graphql: Graphql;
  /** Default `/graphql`. */
  path?: string;
  /** Asked before the upgrade; the origin is undefined for a program that is no browser. */
  allowsOrigin: (origin: string | undefined, request: IncomingMessage) => boolean;
  /** Default: the peer of the TCP connection. */
  addressOf?: AddressOf;
  /** Root fields whose results are the same for all clients: one execution serves all subscribers. */
  publicFields?: ReadonlySet<string>;
  /** For a root field, its argument that only says where to start. */
  positionArguments?: Readonly<Record<string, string>>;
  limits?: Partial<WebSocketLimits>;
};

/** Those of Frontrow's schema. */
export const sharedFields = {
  publicFields: new Set(['seatMapChanged', 'eventChanged']),
  positionArguments: { seatMapChanged: 'sinceVersion' },
} as const;
