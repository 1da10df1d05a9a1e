import type { GraphQLError, OperationTypeNode } from 'graphql';
import type { Transport } from '#observability/operation-metrics.ts';
import type { TraceSpan } from '#observability/span.ts';
import type { Caller } from './caller.ts';
import type { ErrorCode } from './errors.ts';
import type { Operation } from './operation.ts';

export type OperationType = `${OperationTypeNode}`;

/** What a transport carries, and what its operations are counted as. */
export type Way = {
  readonly transport: Transport;
  readonly types: readonly OperationType[];
  /** What subscriptions are counted as, where they are sent in another way than queries and mutations. */
  readonly subscriptions?: Transport;
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
  /** The process was not too busy for it. */
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

export const openCall = (caller: Caller, way: Way): Call => ({ caller, way, refusals: [] });

export const transportOf = ({ way, operation }: Call): Transport =>
  operation?.type === 'subscription' ? (way.subscriptions ?? way.transport) : way.transport;
