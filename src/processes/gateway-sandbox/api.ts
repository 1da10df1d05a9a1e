import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { disputeBody, disputeEndBody, openDispute, settleDispute } from './disputes.ts';
import { readJson, sendJson } from './http-io.ts';
import { presentLedger } from './ledger.ts';
import { listMovements, movementsQuery } from './movements.ts';
import { resendNotices } from './notice-queue.ts';
import { Problem } from './problem.ts';
import { changeRefund, createRefund, dashboardRefundBody, refundAtDashboard, refundBody } from './refunds.ts';
import {
  type Books,
  listSessionsOfBooking,
  listSessionsSince,
  openSession,
  openSessionBody,
  pageUrl,
  presentSession,
  requireSession,
  type SessionRow,
  settleSession,
} from './sessions.ts';
import { troubleSwitches } from './trouble.ts';

export interface ApiNeeds extends Books {
  readonly apiKey: string;
  readonly closing: AbortSignal;
}

interface Call {
  readonly books: Books;
  readonly request: IncomingMessage;
  readonly url: URL;
  /** The `:id` of the path. */
  readonly id: string;
}

interface Route {
  readonly method: string;
  readonly path: RegExp;
  /** True for the routes of the operator (ledger, dashboard, notices, trouble), to which trouble never applies. */
  readonly operator?: true;
  run(call: Call): unknown;
}

const routes: readonly Route[] = [
  {
    method: 'POST',
    path: /^\/v1\/sessions$/,
    async run({ books, request }) {
      const body = parse(openSessionBody, await readJson(request));
      const session = openSession(books, requireKey(request), body);
      // A repeated request gets the page even when the session has ended meanwhile: the page shows the outcome.
      return { ...presentSession(books, session), url: pageUrl(books, session.id) };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/sessions$/,
    run({ books, url }) {
      const bookingId = url.searchParams.get('booking_id');
      const since = Date.parse(url.searchParams.get('changed_since') ?? '');
      if (!bookingId && Number.isNaN(since))
        throw new Problem(400, 'invalid_request_error', 'booking_id or changed_since is required.');
      const found = bookingId ? listSessionsOfBooking(books.store, bookingId) : listSessionsSince(books.store, since);
      return { object: 'list', data: found.map((session) => presentSession(books, session)) };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/sessions\/([\w-]+)$/,
    run: ({ books, id }) => presentSession(books, requireSession(books.store, id)),
  },
  {
    method: 'POST',
    path: /^\/v1\/sessions\/([\w-]+)\/expire$/,
    run: ({ books, id }) => presentSession(books, settleSession(books, id, 'expired')),
  },
  {
    method: 'POST',
    path: /^\/v1\/refunds$/,
    async run({ books, request }) {
      const body = parse(refundBody, await readJson(request));
      return createRefund(books, requireKey(request), body);
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/movements$/,
    run: ({ books, url }) => listMovements(books, parse(movementsQuery, Object.fromEntries(url.searchParams))),
  },
  {
    method: 'POST',
    path: /^\/v1\/dashboard\/refunds$/,
    operator: true,
    async run({ books, request }) {
      const body = parse(dashboardRefundBody, await readJson(request));
      return changed(books, body.session, (session) => refundAtDashboard(books, session, body.amount_minor));
    },
  },
  {
    method: 'POST',
    path: /^\/v1\/dashboard\/refunds\/([\w-]+)\/fail$/,
    operator: true,
    run({ books, id }) {
      books.store.transaction(() => changeRefund(books, id, 'failed'));
      return { id, status: 'failed' };
    },
  },
  {
    method: 'POST',
    path: /^\/v1\/dashboard\/disputes$/,
    operator: true,
    async run({ books, request }) {
      const { session, status, amount_minor: amountMinor } = parse(disputeBody, await readJson(request));
      return changed(books, session, (row) => openDispute(books, row, { status, amountMinor }));
    },
  },
  {
    method: 'POST',
    path: /^\/v1\/dashboard\/disputes\/([\w-]+)$/,
    operator: true,
    async run({ books, request, id }) {
      const { status } = parse(disputeEndBody, await readJson(request));
      books.store.transaction(() => settleDispute(books, id, status));
      return { id, status };
    },
  },
  {
    method: 'POST',
    path: /^\/v1\/notices\/resend$/,
    operator: true,
    run: ({ books }) => ({ resent: resendNotices(books.store) }),
  },
  { method: 'GET', path: /^\/v1\/ledger$/, operator: true, run: ({ books }) => presentLedger(books) },
  { method: 'GET', path: /^\/v1\/trouble$/, operator: true, run: ({ books }) => books.trouble.switches },
  {
    method: 'PUT',
    path: /^\/v1\/trouble$/,
    operator: true,
    async run({ books, request }) {
      books.trouble.set(parse(troubleSwitches, await readJson(request)));
      return books.trouble.switches;
    },
  },
  {
    method: 'DELETE',
    path: /^\/v1\/trouble$/,
    operator: true,
    run({ books }) {
      books.trouble.set(troubleSwitches.parse({}));
      return books.trouble.switches;
    },
  },
];

/** Changes a session in one transaction, and returns it as the merchant sees it afterwards. */
function changed(books: Books, id: string, change: (session: SessionRow) => unknown) {
  books.store.transaction(() => change(requireSession(books.store, id)));
  return presentSession(books, requireSession(books.store, id));
}

/** Handles one call of the merchant. @throws Problem */
export async function answerApi(
  needs: ApiNeeds,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  assertMerchant(needs.apiKey, request.headers.authorization);
  const { route, id } = findRoute(request.method ?? '', url.pathname);
  const call = { books: needs, request, url, id };
  const body = route.operator ? await route.run(call) : await runInTrouble(needs, route, call);
  await needs.store.onDisk();
  sendJson(response, 200, body);
}

async function runInTrouble({ trouble, closing }: ApiNeeds, route: Route, call: Call): Promise<unknown> {
  if (trouble.take('failBeforeActing'))
    throw new Problem(500, 'api_error', 'Trouble: the call failed and changed nothing.');
  const body = await route.run(call);
  // Read before waiting, because the switches may be changed while this call hangs.
  const failing = route.method === 'POST' && trouble.take('fail500AfterActing');
  if (trouble.switches.hangMs > 0) await delay(trouble.switches.hangMs, undefined, { signal: closing });
  if (failing) throw new Problem(500, 'api_error', 'Trouble: the call succeeded, but you get an error.');
  return body;
}

function findRoute(method: string, path: string): { route: Route; id: string } {
  const candidates = routes.filter((route) => route.path.test(path));
  const route = candidates.find((candidate) => candidate.method === method);
  if (route) return { route, id: route.path.exec(path)?.[1] ?? '' };
  if (candidates.length > 0) throw new Problem(405, 'method_not_allowed', 'This address does not support this method.');
  throw new Problem(404, 'not_found', 'This address does not exist.');
}

/** @throws Problem 401 */
export function assertMerchant(apiKey: string, authorization: string | undefined): void {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (!timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${apiKey}`))) {
    throw new Problem(401, 'authentication_error', 'The API key is missing or wrong.');
  }
}

function requireKey(request: IncomingMessage): string {
  const key = request.headers['idempotency-key'];
  if (typeof key === 'string' && key.length > 0 && key.length <= 255) return key;
  throw new Problem(400, 'invalid_request_error', 'An Idempotency-Key of at most 255 characters is required.');
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Problem(400, 'invalid_request_error', z.prettifyError(parsed.error));
}
