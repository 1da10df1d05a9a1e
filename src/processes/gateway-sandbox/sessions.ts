import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isCurrency } from '#domain/currency-rules.ts';
import { appendNotice, type NoticeEventType } from './notice-queue.ts';
import { planForPayment } from './plan.ts';
import { Problem } from './problem.ts';
import type { Store } from './store.ts';
import type { Trouble } from './trouble.ts';

export interface Books {
  readonly store: Store;
  readonly trouble: Trouble;
  /** The start of the addresses of payment pages. */
  readonly publicUrl: string;
}

const lines = z
  .array(z.object({ label: z.string().min(1).max(300), amount_minor: z.int().min(0) }))
  .min(1)
  .max(200);

const currency = z.string().refine(isCurrency, 'not an ISO 4217 currency in upper case');
const amountMinor = z.int().min(1).max(999_999_999_999);
const MAX_SESSION_MS = 24 * 3_600_000;

export const openSessionBody = z
  .strictObject({
    amount_minor: amountMinor,
    currency,
    description: z.string().min(1).max(500),
    lines,
    expires_at: z.iso.datetime({ offset: true }),
    held_until: z.iso.datetime({ offset: true }).optional(),
    success_url: z
      .string()
      .max(2_000)
      .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), 'not an http(s) address')
      .optional(),
    metadata: z.strictObject({ booking_id: z.string().min(1).max(200), event_id: z.string().min(1).max(200) }),
  })
  .refine((body) => body.lines.reduce((sum, line) => sum + line.amount_minor, 0) === body.amount_minor, {
    error: 'the lines do not add up to amount_minor',
    path: ['lines'],
  });

export type OpenSessionBody = z.infer<typeof openSessionBody>;

export const sessionRow = z.object({
  id: z.string(),
  booking_id: z.string(),
  event_id: z.string(),
  amount_minor: z.int(),
  currency: z.string(),
  description: z.string(),
  lines: z.string().transform((json) => lines.parse(JSON.parse(json))),
  success_url: z.string().nullable(),
  status: z.enum(['open', 'paid', 'declined', 'expired']),
  created_at: z.int(),
  expires_at: z.int(),
  held_until: z.int().nullable(),
  settled_at: z.int().nullable(),
  idempotency_key: z.string(),
  request_hash: z.string(),
});

export type SessionRow = z.infer<typeof sessionRow>;

export function hashRequest(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

export function assertSameRequest(savedHash: string, hash: string): void {
  if (savedHash !== hash) {
    throw new Problem(409, 'idempotency_error', 'This Idempotency-Key was used with another request.');
  }
}

/** The same key with the same body returns the session that the first call opened, even after it has ended. */
export function openSession(books: Books, key: string, body: OpenSessionBody): SessionRow {
  const hash = hashRequest(body);
  return books.store.transaction(() => {
    const saved = books.store.first('SELECT * FROM sessions WHERE idempotency_key = ?', key);
    if (saved) {
      const session = sessionRow.parse(saved);
      assertSameRequest(session.request_hash, hash);
      return session;
    }
    const now = Date.now();
    const expiresAt = Date.parse(body.expires_at);
    if (expiresAt <= now || expiresAt > now + MAX_SESSION_MS) {
      throw new Problem(400, 'invalid_request_error', 'expires_at must be in the future, at most 24 hours ahead.');
    }
    const id = `cs_sandbox_${randomBytes(16).toString('hex')}`;
    books.store.run(
      `INSERT INTO sessions (id, seq, booking_id, event_id, amount_minor, currency, description, lines, success_url,
         status, created_at, expires_at, held_until, idempotency_key, request_hash)
       VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM sessions), ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, ?)`,
      id,
      body.metadata.booking_id,
      body.metadata.event_id,
      body.amount_minor,
      body.currency,
      body.description,
      JSON.stringify(body.lines),
      body.success_url ?? null,
      now,
      expiresAt,
      body.held_until === undefined ? null : Date.parse(body.held_until),
      key,
      hash,
    );
    return requireSession(books.store, id);
  });
}

/** @throws Problem 404 */
export function requireSession(store: Store, id: string): SessionRow {
  const row = store.first('SELECT * FROM sessions WHERE id = ?', id);
  if (!row) throw new Problem(404, 'not_found', 'There is no such session.');
  return sessionRow.parse(row);
}

/** Newest first. */
export function listSessionsOfBooking(store: Store, bookingId: string): SessionRow[] {
  const rows = store.all('SELECT * FROM sessions WHERE booking_id = ? ORDER BY seq DESC', bookingId);
  return rows.map((row) => sessionRow.parse(row));
}

/** Returns the sessions that were opened, refunded or disputed since then, newest first. */
export function listSessionsSince(store: Store, sinceMs: number): SessionRow[] {
  const rows = store.all(
    `SELECT * FROM sessions WHERE created_at >= ?1
       OR id IN (SELECT session_id FROM refunds WHERE created_at >= ?1 OR changed_at >= ?1)
       OR id IN (SELECT session_id FROM disputes WHERE changed_at >= ?1)
     ORDER BY seq DESC`,
    sinceMs,
  );
  return rows.map((row) => sessionRow.parse(row));
}

/** Takes the money once. A second `paid` changes nothing, and neither does any action after the session has ended. */
export function settleSession(books: Books, id: string, outcome: 'paid' | 'declined' | 'expired'): SessionRow {
  return books.store.transaction(() => {
    const session = requireSession(books.store, id);
    if (session.status !== 'open') return session;
    // The session may have expired before the timer noticed. Then the fan can no longer pay or decline it.
    const end = session.expires_at <= Date.now() ? 'expired' : outcome;
    books.store.run('UPDATE sessions SET status = ?, settled_at = ? WHERE id = ?', end, Date.now(), id);
    const settled = requireSession(books.store, id);
    appendNotice(books, noticeTypes[end], presentSession(books, settled));
    if (end === 'paid') planForPayment(books, settled);
    return settled;
  });
}

const noticeTypes: Record<'paid' | 'declined' | 'expired', NoticeEventType> = {
  paid: 'session.paid',
  declined: 'session.declined',
  expired: 'session.expired',
};

/** Ends expired sessions and returns how many. Ends a bounded number at a time, so that calls are not delayed. */
export function expireOverdueSessions(books: Books, limit = 200): number {
  const overdue = books.store.all(
    "SELECT id FROM sessions WHERE status = 'open' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    Date.now(),
    limit,
  );
  for (const { id } of overdue) settleSession(books, String(id), 'expired');
  return overdue.length;
}

/** Returns when the next open session ends (epoch ms). */
export function findNextExpiry(store: Store): number | undefined {
  const row = store.first("SELECT min(expires_at) AS at FROM sessions WHERE status = 'open'");
  return typeof row?.at === 'number' ? row.at : undefined;
}

export function pageUrl(books: Books, id: string): string {
  return `${books.publicUrl}/pay/${id}`;
}

/** Returns the session as the merchant sees it, in answers and in notices. */
export function presentSession(books: Books, session: SessionRow) {
  const refunds = books.store.all('SELECT * FROM refunds WHERE session_id = ? ORDER BY rowid', session.id);
  const disputes = books.store.all('SELECT * FROM disputes WHERE session_id = ? ORDER BY rowid', session.id);
  return {
    id: session.id,
    object: 'session' as const,
    status: session.status,
    url: session.status === 'open' ? pageUrl(books, session.id) : null,
    amount_minor: session.amount_minor,
    captured_minor: session.status === 'paid' ? session.amount_minor : 0,
    currency: session.currency,
    description: session.description,
    lines: session.lines,
    success_url: session.success_url,
    metadata: { booking_id: session.booking_id, event_id: session.event_id },
    created_at: new Date(session.created_at).toISOString(),
    expires_at: new Date(session.expires_at).toISOString(),
    held_until: session.held_until === null ? null : new Date(session.held_until).toISOString(),
    refunds: refunds.map((refund) => presentRefund(refund, session.currency)),
    disputes: disputes.map((dispute) => presentDispute(dispute, session)),
  };
}

export function presentRefund(refund: Record<string, unknown>, currency: string) {
  return {
    id: String(refund.id),
    object: 'refund' as const,
    status: String(refund.status),
    session: String(refund.session_id),
    amount_minor: Number(refund.amount_minor),
    currency,
    created_at: new Date(Number(refund.created_at)).toISOString(),
    // Null: it was made at the dashboard.
    key: refund.request_hash === '' ? null : String(refund.idempotency_key),
  };
}

/** Returns a dispute as the merchant sees it, in the ledger and in notices. */
export function presentDispute(dispute: Record<string, unknown>, session: SessionRow) {
  return {
    id: String(dispute.id),
    object: 'dispute' as const,
    status: String(dispute.status),
    session: session.id,
    amount_minor: Number(dispute.amount_minor),
    currency: session.currency,
    created_at: new Date(Number(dispute.created_at)).toISOString(),
    metadata: { booking_id: session.booking_id, event_id: session.event_id },
  };
}
