import { randomUUID } from 'node:crypto';
import { assertValidSchema, type FormattedExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import { TryAgain } from '#domain/errors.ts';
import { withOrigin } from '#events/origin.ts';
import { describeError, type Log } from '#observability/log.ts';
import type { OperationMetrics, Transport } from '#observability/operation-metrics.ts';
import type { Context, Resources } from '#schema/context.ts';
import { authenticate, type Caller, createContext, type Identity } from './context.ts';
import { type Documents, type Operation, openDocuments } from './documents.ts';
import { type Reported, reportError } from './errors.ts';
import { type Executed, type Execution, openExecution, type Source } from './execution.ts';
import type { GraphqlParams } from './graphql-params.ts';
import { startLine } from './operation-log.ts';
import type { RateLimits } from './rate-limits.ts';

type Events = AsyncIterableIterator<FormattedExecutionResult>;

/** A query or a mutation with its result, an operation that was refused, or a subscription that has started. */
export type Started =
  | { readonly result: FormattedExecutionResult }
  | { readonly operation: Operation; readonly source: Source };

/**
 * The one way in. Every transport (HTTP, server-sent events, WebSocket) turns what it received into a caller and
 * parameters and calls `start` or `follow`: documents are checked, limits are charged, errors are masked and lines are
 * logged here, once for all of them.
 */
export type Gate = {
  readonly documents: Documents;
  authenticate(authorization: string | undefined): Promise<Identity>;
  /** Which sessions ended before their tokens did. */
  readonly endedSessions: Pick<EndedSessions, 'has' | 'onEnded'>;
  /** Takes one point of the caller's budget for a request without an operation. @throws RateLimited */
  charge(caller: Pick<Caller, 'viewer' | 'address'>): Promise<void>;
  /** Runs a query or a mutation, or opens the source of a subscription. Never throws. */
  start(params: GraphqlParams, caller: Caller, by: By): Promise<Started>;
  /** The same with a subscription's events as results. Never throws. */
  follow(params: GraphqlParams, caller: Caller, by: By): Promise<Events | FormattedExecutionResult>;
  /** For a transport that executes the events of a source itself. */
  contextOf(caller: Partial<Caller>): Context;
  executeEvent: Execution['executeEvent'];
  /** What the client may know of an error in a started subscription. Its cause is logged. */
  reportLater(error: unknown): Reported['error'];
};

/** What a transport carries: a GET changes nothing, and a plain POST has one answer. */
export type Wanted = 'query' | 'query or mutation' | 'query, mutation or subscription';
export type By = { readonly transport: Transport; readonly wanted: Wanted };

/**
 * Operations that run at a time. This bounds what waits behind them for a store or a writer. It is large enough for a
 * thousand buyers of one seat at once.
 */
const MAX_IN_FLIGHT = 4_096;
const BUSY_RETRY_SECONDS = 1;

type GateOptions = {
  schema: GraphQLSchema;
  resources: Resources;
  limits: RateLimits;
  log: Log;
  /** Without it nothing is counted. */
  metrics?: OperationMetrics | undefined;
  onlyTrusted: boolean;
  trusted?: Readonly<Record<string, string>> | undefined;
  maxInFlight?: number | undefined;
};
type Needs = GateOptions & { documents: Documents; execution: Execution };

export function openGate(options: GateOptions): Gate {
  // At the start, and not with the first request.
  assertValidSchema(options.schema);
  const documents = openDocuments(options);
  const tellsSchema = !options.onlyTrusted;
  const execution = openExecution(options.schema, { tellsSchema });
  const needs = { ...options, documents, execution };
  const start = bounded(needs);
  return {
    documents,
    endedSessions: options.resources.endedSessions,
    authenticate: (authorization) => authenticate(options.resources, authorization),
    charge: (caller) => charge(needs, caller),
    start,
    async follow(params, caller, by) {
      const started = await start(params, caller, by);
      if ('result' in started) return started.result;
      const { requestId } = caller;
      const createContext = () => contextOf(needs, caller);
      return execution.follow({ ...started, variables: params.variables, createContext, requestId });
    },
    contextOf: (caller) => contextOf(needs, caller),
    executeEvent: execution.executeEvent,
    reportLater(error) {
      const requestId = randomUUID();
      const reported = reportError(error, requestId, { tellsSchema });
      if (reported.cause !== undefined)
        options.log.error({ requestId, ...describeError(reported.cause) }, 'subscription');
      return reported.error;
    },
  };
}

function contextOf(needs: Needs, caller: Partial<Caller>, refusals: string[] = []): Context {
  const { viewer, admission, place, address = '', requestId = '' } = caller;
  return createContext(needs, { viewer, admission, place, address, requestId }, refusals);
}

/** More than so many at a time are refused before they cost anything. */
function bounded(needs: Needs): Gate['start'] {
  const { maxInFlight = MAX_IN_FLIGHT } = needs;
  let inFlight = 0;
  return async (params, caller, by) => {
    if (inFlight >= maxInFlight)
      return { result: { errors: [reportError(new TryAgain(BUSY_RETRY_SECONDS), caller.requestId).error] } };
    inFlight += 1;
    try {
      return await start(needs, params, caller, by);
    } finally {
      inFlight -= 1;
    }
  };
}

async function start(needs: Needs, params: GraphqlParams, caller: Caller, by: By): Promise<Started> {
  const line = startLine(needs, caller, by.transport);
  const operation = await admit(needs, params, caller, by.wanted);
  if ('result' in operation) {
    line.write(operation, undefined);
    return operation;
  }
  const refusals: string[] = [];
  const { requestId } = caller;
  const asked = {
    operation,
    variables: params.variables,
    createContext: () => contextOf(needs, caller, refusals),
    requestId,
  };
  if (operation.type === 'subscription') {
    const opened = await needs.execution.openSource(asked);
    line.write('result' in opened ? opened : { result: {}, codes: [], causes: [] }, operation);
    return 'result' in opened ? opened : { operation, source: opened.source };
  }
  const executed = await withOrigin({ requestId, traceparent: line.traceparent }, () => needs.execution.run(asked));
  line.write(executed, operation, refusals);
  return executed;
}

const NOT_WANTED: Record<Wanted, string> = {
  query: 'GET is for queries only.',
  'query or mutation': 'Subscribe over WebSocket, or send `Accept: text/event-stream`.',
  'query, mutation or subscription': '',
};

/** A search costs more than a look: one point, and one for each of so many values that it may return. */
const COST_PER_POINT = 500;

/** The operation, or the result that refuses it. Takes its price from the caller's budget; a refusal costs one point. */
async function admit(
  needs: Needs,
  params: GraphqlParams,
  caller: Caller,
  wanted: Wanted,
): Promise<Operation | Executed> {
  const refuse = (errors: readonly unknown[]) => needs.execution.refuse(errors, caller.requestId);
  const found = caller.refusal ? { errors: [caller.refusal] } : needs.documents.find(params);
  const errors = 'errors' in found ? found.errors : unwanted(found, wanted);
  // Mutations have budgets of their own, so that their refusals are in their unions.
  if (!errors && 'type' in found && found.type === 'mutation') return found;
  try {
    await charge(needs, caller, 'cost' in found ? 1 + Math.floor(found.cost / COST_PER_POINT) : 1);
  } catch (error) {
    return refuse([error]);
  }
  return 'errors' in found || errors ? refuse(errors ?? []) : found;
}

const unwanted = ({ type }: Operation, wanted: Wanted): readonly GraphQLError[] | undefined =>
  wanted.includes(type) ? undefined : [new GraphQLError(NOT_WANTED[wanted], { extensions: { code: 'BAD_REQUEST' } })];

/** To try tokens costs the address what a query costs: a caller whose token is refused has no viewer. */
const charge = (needs: Needs, { viewer, address }: Pick<Caller, 'viewer' | 'address'>, points = 1): Promise<void> =>
  needs.limits.spend('request', { userId: viewer?.userId, address }, points);
