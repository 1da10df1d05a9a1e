import type { GraphQLError, OperationTypeNode } from 'graphql';
import type { AccessKeyCaller, Viewer } from '#domain/viewer.ts';
import type { Transport } from '#observability/operation-metrics.ts';
import type { TraceSpan } from '#observability/span.ts';
import type { ErrorCode } from './errors.ts';
import type { Operation } from './operation.ts';
import type { Arrival, Slot } from './overload/overload-control.ts';

export type OperationType = `${OperationTypeNode}`;

/** What a transport carries, and what its operations are counted as. */
export type Way = {
  readonly transport: Transport;
  readonly types: readonly OperationType[];
  /** What subscriptions are counted as, where they are sent in another way than queries and mutations. */
  readonly subscriptions?: Transport;
};

/** The identity of a caller. Without a token it has neither a viewer nor an access key. */
export type Identity = {
  readonly viewer: Viewer | undefined;
  /** The access key with which a server came; then there is no viewer. */
  readonly accessKey?: AccessKeyCaller | undefined;
  /** The token is not valid: every operation of this caller is refused with this error. */
  readonly refusal?: GraphQLError | undefined;
};

export type Caller = Identity & {
  /** The client's address, for rate limits. */
  readonly address: string;
  readonly requestId: string;
  /** W3C Trace Context, as the client sent it. */
  readonly traceparent?: string | undefined;
  readonly admission: string | undefined;
  readonly place: string | undefined;
};

/** One operation of a caller, from its parameters to its result. Each plug-in adds what the later plug-ins need. */
export type Call = {
  readonly caller: Caller;
  readonly way: Way;
  /** Codes of refusals that are data: for the log. */
  readonly refusals: string[];
  /** Why the text of the document is not accepted. */
  refused?: GraphQLError;
  /** The checked document with its operation. */
  operation?: Operation;
  /** The process was not too busy for it when it arrived. */
  arrival?: Arrival | undefined;
  /** Its place among those that run. */
  slot?: Slot;
  /** Its execution has begun. */
  isExecuted?: boolean;
  /** There were not too many operations in flight. */
  isAdmitted?: boolean;
  /** The transport does not carry operations of this type. */
  notCarried?: OperationType;
  /** The caller's budget has been charged. */
  isCharged?: boolean;
  startedAt?: number;
  span?: TraceSpan;
  /** Codes of the result's errors, and the causes that the client does not get to see. */
  outcome?: { readonly codes: readonly ErrorCode[]; readonly causes: readonly unknown[] };
};

/** Whose budget and places the caller uses: the viewer's or the access key's. Undefined without a token. */
export const callerIdOf = ({ viewer, accessKey }: Partial<Identity>): string | undefined =>
  viewer?.userId ?? accessKey?.accessKeyId;

/** `arrival`: of an operation that its transport has announced. */
export const openCall = (caller: Caller, way: Way, arrival?: Arrival): Call => ({
  caller,
  way,
  refusals: [],
  ...(arrival && { arrival }),
});

export const transportOf = ({ way, operation }: Call): Transport =>
  operation?.type === 'subscription' ? (way.subscriptions ?? way.transport) : way.transport;
