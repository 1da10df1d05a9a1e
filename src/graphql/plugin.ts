import type { GraphQLParams, Plugin } from 'graphql-yoga';
import type { Context } from '#schema/context.ts';
import type { Call } from './call.ts';
import type { GraphqlParams } from './params.ts';

/** The context of an operation before the schema's own fields are added to it. */
export type CallContext = { call: Call };

/**
 * A plug-in of GraphQL Yoga. `context.call` has the caller, the transport and what earlier plug-ins found. The hooks of
 * Envelop and `onExecutionResult` run on every transport; hooks that take a `Request` run over HTTP only.
 */
export type OperationPlugin = Plugin<CallContext, CallContext, Partial<Context>>;

/** Yoga's type does not know the id of a document. */
export const paramsOf = (context: { params: GraphQLParams }): GraphqlParams => context.params as GraphqlParams;
