import { assertValidSchema, type FormattedExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import { withOrigin } from '#events/origin.ts';
import type { Log } from '#observability/log.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { Context, Resources } from '#schema/context.ts';
import { authenticate, type Caller, createContext, type Identity } from './context.ts';
import { type Documents, type GraphqlParams, type Operation, openDocuments } from './documents.ts';
import { type Reported, reportError } from './errors.ts';
import { type Executed, type Execution, openExecution } from './execution.ts';
import { startLine } from './operation-log.ts';
import type { RateLimits } from './rate-limits.ts';

type Events = AsyncIterableIterator<FormattedExecutionResult>;

/**
 * The one way in. Every transport (HTTP, server-sent events, WebSocket) turns what it received into a caller and
 * parameters and comes here: documents are checked, limits taken, errors masked and lines logged once for all of them.
 */
export type Gate = {
  readonly documents: Documents;
  authenticate(authorization: string | undefined): Promise<Identity>;
  /** Which sessions ended before their tokens did. */
  readonly endedSessions: Pick<EndedSessions, 'has' | 'onEnded'>;
  /** The operation, or the answer that refuses it. Takes its price from the caller's budget. */
  admit(params: GraphqlParams, caller: Caller, wanted: Wanted): Promise<Operation | Executed>;
  /** Runs a query or a mutation. Never throws. */
  run(params: GraphqlParams, caller: Caller, wanted?: Wanted): Promise<FormattedExecutionResult>;
  /** Starts a subscription, or says why not. Never throws. */
  subscribe(params: GraphqlParams, caller: Caller): Promise<Events | FormattedExecutionResult>;
  /** For a transport that executes by itself. */
  contextOf(caller: Caller): Context;
  executeEvent: Execution['executeEvent'];
  reportError(error: unknown, requestId: string): Reported;
};

/** What a transport carries: a GET must change nothing, and a socket is for what is pushed. */
export type Wanted = 'query' | 'query or mutation' | 'subscription';

type Needs = {
  resources: Resources;
  limits: RateLimits;
  log: Log;
  /** Without it nothing is counted. */
  metrics?: OperationMetrics | undefined;
  documents: Documents;
  execution: Execution;
};

export function openGate(options: {
  schema: GraphQLSchema;
  resources: Resources;
  limits: RateLimits;
  log: Log;
  metrics?: OperationMetrics | undefined;
  onlyTrusted: boolean;
  trusted?: Readonly<Record<string, string>> | undefined;
}): Gate {
  // At the start, and not with the first request.
  assertValidSchema(options.schema);
  const documents = openDocuments(options);
  const tellsSchema = !options.onlyTrusted;
  const execution = openExecution(options.schema, { tellsSchema });
  const needs = { ...options, documents, execution };
  return {
    documents,
    endedSessions: options.resources.endedSessions,
    authenticate: (authorization) => authenticate(options.resources, authorization),
    admit: (params, caller, wanted) => admit(needs, params, caller, wanted),
    run: (params, caller, wanted = 'query or mutation') => run(needs, params, caller, wanted),
    subscribe: (params, caller) => subscribe(needs, params, caller),
    contextOf: (caller) => createContext(options, caller, []),
    executeEvent: execution.executeEvent,
    reportError: (error, requestId) => reportError(error, requestId, { tellsSchema }),
  };
}

const notWanted: Record<Wanted, string> = {
  query: 'GET is for queries only.',
  'query or mutation': 'Subscribe over WebSocket, or send `Accept: text/event-stream`.',
  subscription:
    'Accept: text/event-stream is for subscriptions only. Send queries and mutations with POST and `Accept: application/json`.',
};

/** A search costs more than a look: one point, and one for each of so many values that it may answer. */
const COST_PER_POINT = 500;

async function admit(
  needs: Needs,
  params: GraphqlParams,
  caller: Caller,
  wanted: Wanted,
): Promise<Operation | Executed> {
  const refuse = (...errors: unknown[]) => needs.execution.refuse(errors, caller.requestId);
  if (caller.refusal) return refuse(await errorOfRefused(needs, caller));
  const found = needs.documents.find(params);
  if ('errors' in found) return refuse(...found.errors);
  if (!wanted.includes(found.type))
    return refuse(new GraphQLError(notWanted[wanted], { extensions: { code: 'BAD_REQUEST' } }));
  // Mutations have budgets of their own, so that their refusals are in their unions.
  if (found.type === 'mutation') return found;
  try {
    const points = 1 + Math.floor(found.cost / COST_PER_POINT);
    await needs.limits.spend('request', { userId: caller.viewer?.userId, address: caller.address }, points);
    return found;
  } catch (error) {
    return refuse(error);
  }
}

/** To try tokens costs its address what a query costs. */
async function errorOfRefused(needs: Needs, { address, refusal }: Caller): Promise<unknown> {
  try {
    await needs.limits.spend('request', { userId: undefined, address });
    return refusal;
  } catch (error) {
    return error;
  }
}

async function run(
  needs: Needs,
  params: GraphqlParams,
  caller: Caller,
  wanted: Wanted,
): Promise<FormattedExecutionResult> {
  const line = startLine(needs, caller, 'http');
  const operation = await admit(needs, params, caller, wanted);
  if ('result' in operation) {
    line.write(operation, undefined);
    return operation.result;
  }
  const refusals: string[] = [];
  const { requestId } = caller;
  const executed = await withOrigin({ requestId, traceparent: line.traceparent }, () =>
    needs.execution.run({
      operation,
      variables: params.variables,
      createContext: () => createContext(needs, caller, refusals),
      requestId,
    }),
  );
  line.write(executed, operation, refusals);
  return executed.result;
}

async function subscribe(
  needs: Needs,
  params: GraphqlParams,
  caller: Caller,
): Promise<Events | FormattedExecutionResult> {
  const line = startLine(needs, caller, 'sse');
  const operation = await admit(needs, params, caller, 'subscription');
  if ('result' in operation) {
    line.write(operation, undefined);
    return operation.result;
  }
  const started = await needs.execution.subscribe({
    operation,
    variables: params.variables,
    createContext: () => createContext(needs, caller, []),
    requestId: caller.requestId,
  });
  if ('result' in started) {
    line.write(started, operation);
    return started.result;
  }
  line.write({ result: {}, codes: [], causes: [] }, operation);
  return started;
}
