import { setTimeout as sleep } from 'node:timers/promises';
import type { FormattedExecutionResult } from 'graphql';
import type { Graphql } from '#graphql/graphql.ts';
import type { OperationPlugin } from '#graphql/plugin.ts';
import { answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { type Answer, answerOfProblem, answerOfRefusal, answerOfResult } from './graphql-answer.ts';
import { readRequest } from './graphql-request.ts';

/**
 * The fast path: a POST with one answer in JSON is read from Node's request and written to Node's response, and executed
 * by the functions of Yoga's Envelop instance, so it passes the same plug-ins. Yoga's own HTTP server takes about 70 us
 * more of a small request, most of it to turn Node's request into a `Request` and its answer into a `Response`. See
 * decision 0025.
 */
export async function answerPlainPost(graphql: Graphql, exchange: Exchange): Promise<void> {
  const answer = await answerOf(graphql, exchange);
  answerText(exchange.response, answer.status, answer.body, { ...exchange.headers, ...answer.headers });
}

async function answerOf(graphql: Graphql, exchange: Exchange): Promise<Answer> {
  const read = await readRequest(exchange, graphql);
  if ('status' in read) return answerOfProblem(read, exchange);
  if ('refusal' in read) {
    if (read.afterMs > 0) await sleep(read.afterMs);
    return answerOfRefusal(read, exchange);
  }
  const result = await graphql.operate(read.params, read.call);
  return answerOfResult(result as FormattedExecutionResult, exchange, read.call);
}

/** Other requests go through Yoga's HTTP server: GET, event streams, the page. */
export const isPlainPost = ({ request }: Exchange): boolean =>
  request.method === 'POST' && !request.headers.accept?.includes('text/event-stream');

const HTTP_HOOKS = ['onRequest', 'onResponse', 'onRequestParse', 'onParams', 'onResultProcess'] as const;

/** A plug-in that hooks into Yoga's HTTP server sees every request, so then no request takes the fast path. */
export const hooksIntoHttp = (plugin: OperationPlugin): boolean =>
  HTTP_HOOKS.some((hook) => plugin[hook] !== undefined) || plugin.instrumentation !== undefined;
