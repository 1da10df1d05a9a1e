import type { FormattedExecutionResult } from 'graphql';
import type { Call } from '#graphql/call.ts';
import { problemOf } from './answer.ts';
import type { Exchange, Problem } from './exchange.ts';
import { type Refused, wayOf } from './graphql-request.ts';

/** Of a response in JSON. */
export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

export const answerOfProblem = ({ status, message, headers }: Problem, { requestId }: Exchange): Answer => ({
  status,
  body: JSON.stringify(problemOf({ code: 'BAD_REQUEST', message, requestId })),
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
});

/** An operation that was refused before it was looked at: the same answer as if a plug-in had refused it. */
export function answerOfRefusal({ refusal }: Refused, { request }: Pick<Exchange, 'request'>): Answer {
  const answer = answerOfResult({ errors: [refusal] }, { request }, {});
  if (wayOf(request).transport !== 'sse') return answer;
  const body = `:\n\nevent: next\ndata: ${JSON.stringify({ errors: [refusal] })}\n\nevent: complete\ndata:\n\n`;
  return { status: 200, body, headers: { ...answer.headers, 'content-type': 'text/event-stream; charset=utf-8' } };
}

/** The result of a query or a mutation in the media type that the client accepts. */
export function answerOfResult(
  result: FormattedExecutionResult,
  exchange: Pick<Exchange, 'request'>,
  call: Pick<Call, 'notCarried'>,
): Answer {
  const isStrict = exchange.request.headers.accept?.includes('application/graphql-response+json');
  const type = isStrict ? 'application/graphql-response+json' : 'application/json';
  const retryAfter = result.errors?.[0]?.extensions?.retryAfterSeconds;
  return {
    status: statusOf(result, call, isStrict),
    body: JSON.stringify(result),
    headers: {
      'content-type': `${type}; charset=utf-8`,
      ...(typeof retryAfter === 'number' && { 'retry-after': `${Math.ceil(retryAfter)}` }),
      ...(call.notCarried === 'mutation' && { allow: 'POST, OPTIONS' }),
    },
  };
}

/** A request that was not executed has no data. Only clients of the newer media type expect an error status for it. */
function statusOf(
  result: FormattedExecutionResult,
  call: Pick<Call, 'notCarried'>,
  isStrict: boolean | undefined,
): number {
  if (call.notCarried === 'mutation') return 405;
  if (!isStrict || 'data' in result) return 200;
  return result.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED' ? 401 : 400;
}
