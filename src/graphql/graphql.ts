import { randomUUID } from 'node:crypto';
import { assertValidSchema, type ExecutionResult, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import { TryAgain } from '#domain/errors.ts';
import { describeError, type Log } from '#observability/log.ts';
import { charge, useBudget } from './budget.ts';
import type { Caller, Identity } from './call.ts';
import { authenticate, knownViewer, useCaller } from './caller.ts';
import { type ExecutionNeeds, openExecution, type ToExecute, useCompiledExecution } from './compiled-execution.ts';
import { type AboutCaller, type ContextNeeds, createContext } from './context.ts';
import { useDeadline } from './deadline.ts';
import { useDocumentLimits } from './document-limits.ts';
import type { TextRules } from './document-texts.ts';
import { useDocuments } from './documents.ts';
import { reportError } from './errors.ts';
import { useInFlightBound } from './in-flight.ts';
import { useMasking } from './masking.ts';
import { type Operate, openOperate } from './operate.ts';
import { useOperationLog } from './operation-log.ts';
import { useOperationTypes } from './operation-types.ts';
import { type Arrival, type Asked, isBusy, type OverloadControl } from './overload/overload-control.ts';
import { useOverloadControl } from './overload.ts';
import type { CallContext, OperationPlugin } from './plugin.ts';

export type GraphqlOptions = ContextNeeds &
  TextRules & {
    readonly schema: GraphQLSchema;
    readonly log: Log;
    readonly maxInFlight?: number | undefined;
    /** Without it only `maxInFlight` refuses operations. */
    readonly overload?: OverloadControl | undefined;
    /** They run after the plug-ins of this folder. */
    readonly plugins?: readonly OperationPlugin[];
  };

/** The schema as Yoga hosts it, for every transport. */
export type Graphql = {
  readonly yoga: YogaServerInstance<CallContext, object>;
  readonly operate: Operate;
  authenticate(authorization: string | undefined): Promise<Identity>;
  /**
   * Whether the process is too busy for an operation that has just arrived. A transport asks before it spends anything
   * on the operation, and puts the arrival into its call; an operation without one is asked about by a plug-in.
   */
  arrive(asked: Asked, by: Arriving): Arrived;
  /** Which sessions ended before their tokens did. */
  readonly endedSessions: Pick<EndedSessions, 'has' | 'onEnded'>;
  /** Takes one point of the caller's budget for a request without an operation. Throws RateLimited. */
  charge(caller: Pick<Caller, 'viewer' | 'accessKey' | 'address'>): Promise<void>;
  /** The result of one event with unmasked errors, for a transport that reads the source itself. */
  executeEvent(event: PushedEvent): ExecutionResult | Promise<ExecutionResult>;
  /** What the client may know of an error outside a result. Its cause is logged. */
  report(error: unknown): GraphQLFormattedError;
};

/** Who sends an operation: by a token that is not verified yet, or by the viewer of a socket. */
export type Arriving = {
  readonly requestId: string;
  readonly authorization?: string | undefined;
  readonly userId?: string | undefined;
};
/** `afterMs`: a transport on which a client waits for its answer sends the refusal so much later. */
export type Arrived =
  | { readonly arrival?: Arrival }
  | { readonly refusal: GraphQLFormattedError; readonly afterMs: number };

/** One event of a subscription, to be executed for this caller. */
export type PushedEvent = Omit<ToExecute, 'context'> & { readonly caller: AboutCaller };

/** Composes Yoga with every guard. */
export function openGraphql(options: GraphqlOptions): Graphql {
  // At the start, and not with the first request.
  assertValidSchema(options.schema);
  const execute = openExecution(options.schema);
  const tellsSchema = !options.onlyTrusted;
  const needs = { ...options, execute, tellsSchema };
  let all: readonly OperationPlugin[] = [];
  const listing: OperationPlugin = {
    onPluginInit({ plugins }) {
      // A plug-in may add others to the list.
      all = plugins as readonly unknown[] as readonly OperationPlugin[];
    },
  };
  const yoga = createYoga<CallContext>({
    schema: options.schema,
    plugins: [listing, ...guards(needs), ...(options.plugins ?? [])],
    extraParamNames: ['documentId'],
    // The plug-ins here and in src/http do these.
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    maskedErrors: false,
    logging: false,
    parserAndValidationCache: false,
    maxRequestBodySize: false,
    // Node's own, whose bodies Node's streams can read.
    fetchAPI: { Response, ReadableStream, TextEncoder },
  });
  return {
    yoga,
    operate: openOperate(yoga, all),
    authenticate: (authorization) => authenticate(options.resources, authorization),
    arrive: openArrive(options),
    endedSessions: options.resources.endedSessions,
    charge: (caller) => charge(options, caller),
    executeEvent: ({ caller, ...event }) => execute({ ...event, context: createContext(options, caller) }),
    report(error) {
      const requestId = randomUUID();
      const reported = reportError(error, requestId, { tellsSchema });
      if (reported.cause !== undefined)
        options.log.error({ requestId, ...describeError(reported.cause) }, 'subscription');
      return reported.error;
    },
  };
}

function openArrive({ overload, resources }: Pick<GraphqlOptions, 'overload' | 'resources'>): Graphql['arrive'] {
  if (!overload) return () => ({});
  const { error } = reportError(new TryAgain(1), '');
  return (asked, { requestId, authorization, userId }) => {
    const arrival = overload.arrive(asked, () =>
      overload.holders.has(userId ?? knownViewer(resources, authorization)?.userId),
    );
    if (!isBusy(arrival)) return { arrival };
    const { retryAfterSeconds } = arrival;
    const refusal = { ...error, extensions: { ...error.extensions, retryAfterSeconds, requestId } };
    return { refusal, afterMs: overload.refusalsAfterMs };
  };
}

/** In this order: a refusal comes before the work that it spares, and the log line has the result that the client gets. */
const guards = (needs: ExecutionNeeds & GraphqlOptions): OperationPlugin[] => [
  useOverloadControl(needs.overload),
  useInFlightBound(needs),
  useCaller(needs),
  useDocuments(needs),
  useDocumentLimits(needs),
  useOperationTypes(),
  useBudget(needs),
  useCompiledExecution(needs),
  useDeadline(),
  useMasking(needs),
  useOperationLog(needs),
];
