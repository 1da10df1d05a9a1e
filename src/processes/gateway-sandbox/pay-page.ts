import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { actAtDashboard, renderDashboard } from './dashboard.ts';
import { readBody, sendHtml, sendJson } from './http-io.ts';
import { renderPayPage, renderResultPage } from './pay-html.ts';
import { Problem } from './problem.ts';
import { type Books, requireSession, type SessionRow, settleSession } from './sessions.ts';

type Outcome = 'pay' | 'decline';

/**
 * GET shows the payment; POST with the form field `outcome` pays or declines, and with `dashboard` does what a merchant
 * or a bank could do with a payment that was made. @throws Problem
 */
export async function answerPayPage(
  books: Books,
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Promise<void> {
  if (request.method === 'GET') return showPage(books, request, response, id);
  if (request.method !== 'POST') throw new Problem(405, 'method_not_allowed', 'Use GET or POST.');
  if (isOfAnotherSite(request, books.publicUrl))
    throw new Problem(
      403,
      'permission_error',
      'Pay on the page of the payment itself. A form on another site cannot pay.',
    );
  const body = await readBody(request);
  const asked = readFields(body, request.headers['content-type'] ?? '');
  if (asked.has('dashboard')) {
    const session = actAtDashboard(books, id, asked);
    await books.store.onDisk();
    return show(response, request, books, { session, status: 200 });
  }
  const outcome = readOutcome(asked.get('outcome'));
  const session = settleSession(books, id, outcome === 'pay' ? 'paid' : 'declined');
  await books.store.onDisk();
  show(response, request, books, { session, status: resultStatus(session, outcome) });
}

/**
 * Browsers send which page a form is on; programs send nothing, and need no protection. `none` is the browser's address
 * bar. `Origin` is for browsers that do not send `Sec-Fetch-Site`.
 */
function isOfAnotherSite({ headers }: IncomingMessage, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  const origin = URL.parse(headers.origin);
  return !origin || (headers.origin !== new URL(publicUrl).origin && origin.host !== headers.host);
}

async function showPage(books: Books, request: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
  const found = requireSession(books.store, id);
  const isOverdue = found.status === 'open' && found.expires_at <= Date.now();
  const session = isOverdue ? settleSession(books, id, 'expired') : found;
  await books.store.onDisk();
  show(response, request, books, { session, status: 200 });
}

function show(
  response: ServerResponse,
  request: IncomingMessage,
  books: Books,
  { session, status }: { session: SessionRow; status: number },
): void {
  if (!wantsHtml(request)) {
    sendJson(response, status, presentOutcome(session));
    return;
  }
  const nonce = randomBytes(16).toString('base64');
  const html =
    session.status === 'open'
      ? renderPayPage(session, nonce)
      : renderResultPage(session, nonce, renderDashboard(books, session));
  sendHtml(response, status, { html, nonce });
}

/** A browser accepts text/html. curl and fetch accept any type and get JSON, like other programs. */
export function wantsHtml(request: IncomingMessage): boolean {
  return (request.headers.accept ?? '').includes('text/html');
}

function readOutcome(outcome: string | null): Outcome {
  if (outcome === 'pay' || outcome === 'decline') return outcome;
  throw new Problem(400, 'invalid_request_error', 'Send the form field outcome=pay or outcome=decline.');
}

/** The fields of a form, or those of a JSON object that are texts. */
function readFields(body: Buffer, contentType: string): URLSearchParams {
  const text = body.toString('utf8');
  if (!contentType.includes('application/json')) return new URLSearchParams(text);
  const parsed = parsedOrUndefined(text);
  const fields = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  return new URLSearchParams(fields.filter((field): field is [string, string] => typeof field[1] === 'string'));
}

function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Paying a paid session succeeds, because of double clicks. Any other late action is refused with the reason. */
function resultStatus(session: SessionRow, outcome: Outcome): number {
  const asked = outcome === 'pay' ? 'paid' : 'declined';
  if (session.status === asked) return 200;
  return session.status === 'expired' ? 410 : 409;
}

function presentOutcome(session: SessionRow) {
  return {
    reference: session.id,
    status: session.status,
    amount_minor: session.amount_minor,
    currency: session.currency,
    description: session.description,
    lines: session.lines,
    expires_at: new Date(session.expires_at).toISOString(),
    held_until: session.held_until === null ? null : new Date(session.held_until).toISOString(),
    success_url: session.success_url,
  };
}
