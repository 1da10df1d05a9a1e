import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { pino } from 'pino';
import { type Incoming, openHttpListener } from '#listener/http-listener.ts';
import { doAgenda, findNextAction } from './agenda.ts';
import { answerApi } from './api.ts';
import { Delivery } from './delivery.ts';
import { sendHtml, sendJson } from './http-io.ts';
import { answerMails } from './mails.ts';
import { renderMessagePage } from './pay-html.ts';
import { answerPayPage, wantsHtml } from './pay-page.ts';
import { Problem } from './problem.ts';
import { type Books, expireOverdueSessions, findNextExpiry } from './sessions.ts';
import { defaultRetryPolicy, type RetryPolicy } from './settings.ts';
import { Store } from './store.ts';
import { Trouble, type TroubleSwitches } from './trouble.ts';

export interface SandboxGatewayOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0, which means any free port. */
  readonly port?: number;
  readonly dataFolder: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  readonly publicUrl?: string | undefined;
  readonly retry?: Partial<RetryPolicy>;
  /** Default: no trouble. */
  readonly trouble?: TroubleSwitches;
  /** Default: silent. */
  readonly log?: Logger;
}

export interface SandboxGateway {
  /** The address of the merchant API. */
  readonly url: string;
  close(): Promise<void>;
}

interface Running extends Books {
  readonly apiKey: string;
  readonly closing: AbortSignal;
  readonly log: Logger;
  /** To be called after each action that may have changed a session. */
  changed(): void;
}

/** Starts the gateway on its folder. It continues where the last process stopped, even after a kill. */
export async function startSandboxGateway(options: SandboxGatewayOptions): Promise<SandboxGateway> {
  const log = options.log ?? pino({ level: 'silent' });
  const closing = new AbortController();
  const store = new Store(options.dataFolder);
  const running = Promise.withResolvers<Running>();
  const listener = openHttpListener({
    requestMs: 15_000,
    headersMs: 10_000,
    answer: async (incoming) => answer(await running.promise, incoming),
  });
  const port = await listener
    .listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 })
    .catch(async (error: unknown) => {
      await store.close();
      throw error;
    });
  const trouble = new Trouble(options.trouble);
  const books: Books = { store, trouble, publicUrl: options.publicUrl ?? `http://localhost:${port}` };
  const retry = { ...defaultRetryPolicy, ...options.retry };
  const delivery = new Delivery({ ...options, store, trouble, retry, log });
  const expiry = new Expiry(books, () => delivery.wake());
  const changed = () => {
    delivery.wake();
    expiry.schedule();
  };
  running.resolve({ ...books, apiKey: options.apiKey, closing: closing.signal, log, changed });
  changed();
  return {
    url: `http://${urlHost(options.host)}:${port}`,
    async close() {
      closing.abort();
      expiry.close();
      await listener.close({ graceMs: 0 });
      await delivery.close();
      await store.close();
    },
  };
}

function urlHost(host = '127.0.0.1'): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

/** Sleeps until the next open session ends, or the next action of the gateway is due. */
class Expiry {
  readonly #books: Books;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(books: Books, expired: () => void) {
    this.#books = books;
    this.#expired = expired;
  }

  schedule(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    const next = Math.min(findNextExpiry(this.#books.store) ?? Infinity, findNextAction(this.#books) ?? Infinity);
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#run(), Math.min(Math.max(next - Date.now(), 0), 3_600_000));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    if (expireOverdueSessions(this.#books) + doAgenda(this.#books) > 0) this.#expired();
    this.schedule();
  }
}

async function answer(running: Running, { request, response, url }: Incoming): Promise<void> {
  const startedAt = performance.now();
  try {
    await dispatch(running, request, response, url);
  } catch (error) {
    refuse(running, request, response, error);
  } finally {
    // Only a fan's page can change a session by a GET, because an overdue session ends there.
    const changes = request.method !== 'GET' || url.pathname.startsWith('/pay/');
    if (changes && !running.closing.aborted) running.changed();
  }
  const ms = Math.round(performance.now() - startedAt);
  const path = pathForLog(url.pathname);
  running.log.info({ method: request.method, path, status: response.statusCode, ms }, 'answered');
}

/** Hides the id of a session, because anyone who knows it can open the payment page, and pay or decline. */
const pathForLog = (path: string): string => path.replace(/^\/(pay|v1\/sessions)\/[^/]+/, '/$1/:id').slice(0, 200);

async function dispatch(running: Running, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  if (url.pathname === '/health') return sendJson(response, 200, { status: 'ok' });
  const page = /^\/pay\/([\w-]+)$/.exec(url.pathname);
  if (page) return answerPayPage(running, request, response, page[1] ?? '');
  if (url.pathname === '/mails') return answerMails(running, request, response);
  return answerApi(running, request, response, url);
}

function refuse(running: Running, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || running.closing.aborted) {
    response.destroy();
    return;
  }
  const problem = error instanceof Problem ? error : new Problem(500, 'api_error', 'An internal error occurred.');
  if (problem !== error) running.log.error({ err: error }, 'call broke');
  // The rest of a body that is too large is not read.
  if (problem.status === 413) response.setHeader('connection', 'close');
  if (request.url?.startsWith('/pay/') && wantsHtml(request)) {
    const nonce = randomBytes(16).toString('base64');
    sendHtml(response, problem.status, { html: renderMessagePage(problem.message, nonce), nonce });
    return;
  }
  sendJson(response, problem.status, { error: { type: problem.type, message: problem.message } });
}
