import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Store } from './store.ts';
import type { Trouble } from './trouble.ts';

export type NoticeEventType =
  | 'session.paid'
  | 'session.declined'
  | 'session.expired'
  | 'session.refunded'
  | 'refund.failed'
  | 'dispute.created'
  | 'dispute.funds_withdrawn'
  | 'dispute.closed';

const queuedNotice = z.object({
  seq: z.int(),
  id: z.string(),
  type: z.string(),
  body: z.string(),
  created_at: z.int(),
  attempts: z.int(),
});

export type QueuedNotice = z.infer<typeof queuedNotice>;

const columns = 'seq, id, type, body, created_at, attempts';

/** Must run in the transaction of the change that it reports, or else a kill could lose the notice. */
export function appendNotice(
  { store, trouble }: { store: Store; trouble: Trouble },
  type: NoticeEventType,
  object: unknown,
): void {
  const now = Date.now();
  const id = `evt_${randomBytes(12).toString('hex')}`;
  const body = JSON.stringify({ id, object: 'event', type, created: Math.floor(now / 1000), data: { object } });
  store.run(
    'INSERT INTO notices (id, type, body, state, created_at, next_attempt_at) VALUES (?, ?, ?, ?, ?, ?)',
    id,
    type,
    body,
    firstState(trouble),
    now,
    now + trouble.switches.delayWebhooksMs,
  );
}

function firstState(trouble: Trouble): 'DROPPED' | 'HELD' | 'WAITING' {
  if (trouble.takeDrop()) return 'DROPPED';
  return trouble.switches.reorderWebhooks > 0 ? 'HELD' : 'WAITING';
}

/** Queues the notices again that were dropped or given up. Returns how many. */
export function resendNotices(store: Store): number {
  return store.run(
    "UPDATE notices SET state = 'WAITING', attempts = 0, created_at = ?1, next_attempt_at = ?1 WHERE state IN ('DROPPED', 'GIVEN_UP')",
    Date.now(),
  );
}

/** Returns those of the first `limit` due notices (at `now`, epoch ms) that are `waiting` by their number, longest due first. */
export function listDueNotices(
  store: Store,
  { now, limit, waiting }: { now: number; limit: number; waiting: (seq: number) => boolean },
): QueuedNotice[] {
  const rows = store.all(
    `SELECT ${columns} FROM notices WHERE state = 'WAITING' AND next_attempt_at <= ? ORDER BY next_attempt_at, seq LIMIT ?`,
    now,
    limit,
  );
  return rows.filter(({ seq }) => waiting(Number(seq))).map((row) => queuedNotice.parse(row));
}

/** Returns when the earliest notice that is not due at `now` falls due (both epoch ms). */
export function findNextAttemptAt(store: Store, now: number): number | undefined {
  const row = store.first(
    "SELECT min(next_attempt_at) AS at FROM notices WHERE state = 'WAITING' AND next_attempt_at > ?",
    now,
  );
  return typeof row?.at === 'number' ? row.at : undefined;
}

/** Returns all held notices, last one first, once there are enough of them. */
export function takeHeldNotices(store: Store, enough: number): QueuedNotice[] {
  const rows = store.all(`SELECT ${columns} FROM notices WHERE state = 'HELD' ORDER BY seq DESC`);
  if (rows.length < enough) return [];
  store.run("UPDATE notices SET state = 'WAITING' WHERE state = 'HELD'");
  return rows.map((row) => queuedNotice.parse(row));
}

export function countNotices(store: Store): Record<string, number> {
  const counts: Record<string, number> = { WAITING: 0, HELD: 0, DELIVERED: 0, DROPPED: 0, GIVEN_UP: 0 };
  for (const row of store.all('SELECT state, count(*) AS n FROM notices GROUP BY state')) {
    counts[String(row.state)] = Number(row.n);
  }
  return counts;
}
