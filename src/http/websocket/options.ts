import type { IncomingMessage } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import type { AddressOf } from '../client-address.ts';
import type { Caller, GroupRules } from './groups.ts';
import type { OperationRules } from './operations.ts';

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

export type WebSocketOptions = Omit<GroupRules, 'formatError'> &
  OperationRules & {
    /** Default `/graphql`. */
    path?: string;
    /** Asked before the upgrade; the origin is undefined for a program that is no browser. */
    allowsOrigin: (origin: string | undefined, request: IncomingMessage) => boolean;
    /** Default: the peer of the TCP connection. */
    addressOf?: AddressOf;
    /**
     * Who sent these connection params (`authorization`, `admission`, `place`). Undefined refuses the socket, because its
     * token is not good; without a token the caller has no viewer: `{}`. Asked again at each subscribe.
     */
    authenticate: (
      params: Readonly<Record<string, unknown>>,
      handshake: Handshake,
    ) => Promise<Caller | undefined> | Caller | undefined;
    /** Which sessions ended before their tokens did: their sockets are closed with 4403. */
    endedSessions?: Pick<EndedSessions, 'has' | 'onEnded'>;
    /** What a client may know of anything that was thrown, a GraphQLError or not. */
    formatError: (error: unknown) => GraphQLFormattedError;
    /** Called once for each operation, when it has started or was refused. */
    onSubscribe?: (line: SubscribeLine) => void;
    limits?: Partial<WebSocketLimits>;
  };

export type SubscribeLine = {
  /** The name; undefined for an anonymous operation and for a document that is refused, whose text is not logged. */
  readonly operation: string | undefined;
  readonly field: string | undefined;
  /** Why it was refused; undefined when it runs. */
  readonly errors: readonly GraphQLFormattedError[] | undefined;
  readonly userId: string | undefined;
  readonly milliseconds: number;
};
