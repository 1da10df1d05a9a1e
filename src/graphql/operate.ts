import { type FormattedExecutionResult, getOperationAST } from 'graphql';
import type { YogaServerInstance } from 'graphql-yoga';
import type { Call } from './call.ts';
import { asGraphqlError } from './errors.ts';
import type { GraphqlParams } from './params.ts';
import type { CallContext, OperationPlugin } from './plugin.ts';

export type Operated = FormattedExecutionResult | AsyncIterableIterator<FormattedExecutionResult>;
/** Executes one operation. Rejects only when the hook `onExecutionResult` of a plug-in from outside fails. */
export type Operate = (params: GraphqlParams, call: Call) => Promise<Operated>;

type Yoga = YogaServerInstance<CallContext, object>;

/**
 * Executes operations that do not come through Yoga's HTTP server, with the functions of its Envelop instance and in the
 * same two steps: the operation, then the hooks `onExecutionResult` of the instance's plug-ins.
 */
export function openOperate(yoga: Yoga, plugins: readonly OperationPlugin[]): Operate {
  const { getEnveloped } = yoga;
  const hooks = plugins.flatMap(({ onExecutionResult }) => (onExecutionResult ? [onExecutionResult] : []));
  return async (params, call) => {
    const context = { call, params } as never;
    let result: unknown;
    try {
      result = await run(getEnveloped(context), params);
    } catch (error) {
      result = { errors: [asGraphqlError(error)] };
    }
    const setResult = (other: unknown) => {
      result = other;
    };
    for (const hook of hooks) {
      const pending = hook({ result: result as never, setResult, context, request: undefined as never });
      if (pending) await pending;
    }
    return result as Operated;
  };
}

function run(enveloped: ReturnType<Yoga['getEnveloped']>, params: GraphqlParams): unknown {
  const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped;
  const document = parse(params.query);
  const errors = validate(schema, document);
  if (errors.length > 0) return { errors };
  const { operationName, variables: variableValues } = params;
  const isSubscription = getOperationAST(document, operationName)?.operation === 'subscription';
  return Promise.resolve(contextFactory()).then((contextValue) =>
    (isSubscription ? subscribe : execute)({ schema, document, contextValue, variableValues, operationName }),
  );
}
