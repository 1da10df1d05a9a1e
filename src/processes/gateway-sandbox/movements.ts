import { z } from 'zod';
import { Problem } from './problem.ts';
import type { Books } from './sessions.ts';

export const movementsQuery = z.strictObject({
  from: z.iso.datetime({ offset: true }),
  to: z.iso.datetime({ offset: true }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(500).optional(),
});

// A refund that failed at once, and an inquiry that was won, moved no money.
const all = `
  SELECT 'capture' AS kind, id AS reference, id AS session, booking_id, amount_minor, currency, settled_at AS at, NULL AS key
  FROM sessions WHERE status = 'paid'
  UNION ALL
  SELECT 'refund', r.id, s.id, s.booking_id, r.amount_minor, s.currency,
    CASE r.status WHEN 'succeeded' THEN coalesce(r.changed_at, r.created_at) ELSE r.created_at END,
    CASE r.request_hash WHEN '' THEN NULL ELSE r.idempotency_key END
  FROM refunds r JOIN sessions s ON s.id = r.session_id
  WHERE r.status = 'succeeded' OR r.status = 'failed' AND r.changed_at IS NOT NULL
  UNION ALL
  SELECT 'refund_returned', r.id, s.id, s.booking_id, r.amount_minor, s.currency, r.changed_at,
    CASE r.request_hash WHEN '' THEN NULL ELSE r.idempotency_key END
  FROM refunds r JOIN sessions s ON s.id = r.session_id WHERE r.status = 'failed' AND r.changed_at IS NOT NULL
  UNION ALL
  SELECT 'dispute_withdrawn', d.id, s.id, s.booking_id, d.amount_minor, s.currency, d.withdrawn_at, NULL
  FROM disputes d JOIN sessions s ON s.id = d.session_id WHERE d.withdrawn_at IS NOT NULL
  UNION ALL
  SELECT 'dispute_returned', d.id, s.id, s.booking_id, d.amount_minor, s.currency, d.changed_at, NULL
  FROM disputes d JOIN sessions s ON s.id = d.session_id WHERE d.withdrawn_at IS NOT NULL AND d.status = 'won'`;

/** Returns a page of the money that moved at `from` or later and before `to`, the oldest first. The sandbox takes no fees. */
export function listMovements({ store }: Books, { from, to, limit, cursor }: z.infer<typeof movementsQuery>) {
  const after = cursor === undefined ? [-1, '', ''] : readCursor(cursor);
  const rows = store.all(
    `SELECT * FROM (${all}) WHERE at >= ? AND at < ? AND (at, kind, reference) > (?, ?, ?)
     ORDER BY at, kind, reference LIMIT ?`,
    ...[Date.parse(from), Date.parse(to), ...after, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    object: 'list',
    data: page.map(({ at, ...row }) => ({ object: 'movement', ...row, at: new Date(Number(at)).toISOString() })),
    next_cursor: last && rows.length > limit ? `${last.at}:${last.kind}:${last.reference}` : null,
  };
}

function readCursor(cursor: string): (number | string)[] {
  const [, at, kind = '', reference = ''] = /^(\d+):(\w+):(\S+)$/.exec(cursor) ?? [];
  if (at === undefined) throw new Problem(400, 'invalid_request_error', 'The cursor is not one of this gateway.');
  return [Number(at), kind, reference];
}
