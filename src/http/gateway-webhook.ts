import type { IncomingMessage, ServerResponse } from 'node:http';
import { NoticeRejected } from '#domain/payments/gateway.ts';
import { receiveNotice } from '#domain/payments/receive-notice.ts';
import { keptInSets } from '#domain/payments/receive-notices.ts';
import { type Origin, withOrigin } from '#events/origin.ts';
import { type HttpListener, type Incoming, openHttpListener } from '#listener/http-listener.ts';
import { describeError } from '#observability/log.ts';
import { countNotice } from '#observability/payment-metrics.ts';
import { followTrace, traceIdOf } from '#observability/tracing.ts';
import { answerBooks, type BooksNeeds } from './books.ts';
import { type ReadinessNeeds, readReadiness } from './readiness.ts';

const WEBHOOK_PATH = '/webhooks/gateway';
const BODY_LIMIT_BYTES = 256 * 1024;

type WebhookNeeds = Parameters<typeof receiveNotice>[0] &
  BooksNeeds &
  ReadinessNeeds & {
    /** Called when a notice made the gateway itself worth asking, so that this happens at once. */
    doubted?: () => void;
    log: Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>;
  };

class BodyTooLarge extends Error {}

/**
 * The HTTP side of the payments process: the gateway's notices at `POST /webhooks/gateway`, the books for our api processes
 * below `/books/`, `/health` and `/ready`. A
 * notice is answered 200 only when it is durable; 400 when it is not the gateway's; 413 above 256 KB; 503 when it could
 * not be kept, so that the gateway sends it again.
 */
export function openGatewayWebhook(options: WebhookNeeds): HttpListener {
  const needs = { ...options, keep: keptInSets(options) };
  return openHttpListener({
    requestMs: 15_000,
    headersMs: 10_000,
    answer: (incoming) =>
      dispatch(needs, incoming).catch((error: unknown) => {
        needs.log.error({ ...describeError(error) }, 'webhook broke');
        if (incoming.response.headersSent) incoming.response.destroy();
        else answer(incoming.response, 500, { error: 'INTERNAL' });
      }),
  });
}

async function dispatch(needs: WebhookNeeds, { request, response, url }: Incoming): Promise<void> {
  const { pathname: path } = url;
  if (path === '/health') return answer(response, 200, { status: 'ok' });
  if (path === '/ready') {
    const { status, body } = await readReadiness(needs, { request, url });
    return answer(response, status, body);
  }
  if (path.startsWith('/books/')) return answerBooks(needs, { request, response, url });
  if (path !== WEBHOOK_PATH) return answer(response, 404, { error: 'NOT_FOUND' });
  if (request.method !== 'POST') return answer(response.setHeader('allow', 'POST'), 405, { error: 'POST_ONLY' });
  await takeNotice(needs, request, response);
}

async function takeNotice(needs: WebhookNeeds, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedMs = performance.now();
  const ms = () => Math.round(performance.now() - startedMs);
  const startedAtMs = Date.now();
  let origin: Origin | undefined;
  try {
    const rawBody = await readBody(request);
    const resume = async <T>(of: Origin | undefined, work: () => Promise<T>): Promise<T> => {
      const span = followTrace('notice', { kind: 'server', parent: of?.traceparent, startedAtMs });
      origin = of && { ...of, traceparent: span.traceparent ?? of.traceparent };
      try {
        return await withOrigin(origin, work);
      } finally {
        span.end({});
      }
    };
    const received = await receiveNotice({ ...needs, resume }, { rawBody, headers: request.headers });
    const { cause, ...told } = received;
    const notice = { ...told, requestId: origin?.requestId, traceId: traceIdOf(origin?.traceparent) };
    countNotice(told.outcome);
    if (told.outcome === 'DOUBTED') needs.doubted?.();
    if (cause === undefined) needs.log.info({ ...notice, ms: ms() }, 'notice');
    else needs.log.warn({ ...notice, ...describeError(cause), ms: ms() }, 'notice kept, to be applied later');
    answer(response, 200, { received: true });
  } catch (error) {
    if (error instanceof BodyTooLarge) {
      answer(response, 413, { error: 'TOO_LARGE' });
      // Thrown away as it comes: closing on unread bytes would reset the connection before the answer is read. The
      // server's request timeout ends it.
      request.resume();
    } else if (error instanceof NoticeRejected) {
      countNotice('REJECTED');
      needs.log.warn({ reason: error.reason, ms: ms() }, 'notice rejected');
      answer(response, 400, { error: error.reason });
    } else if (!request.destroyed || request.complete) {
      countNotice('NOT_KEPT');
      needs.log.error({ ...describeError(error), ms: ms() }, 'notice not kept');
      answer(response, 503, { error: 'NOT_KEPT' });
    }
  }
}

/** Counts what arrives, so a body without Content-Length, or with a wrong one, is held to the same limit. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT_BYTES) throw new BodyTooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Left early, `for await` would destroy the socket before the answer is on it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
