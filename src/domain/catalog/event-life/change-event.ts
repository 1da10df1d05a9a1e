import { eq, sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { events } from '#db/tables/catalog.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput, NotFound } from '../../errors.ts';
import { orTryAgain } from '../../or-try-again.ts';
import { appendAudit } from '../../organization/audit-statements.ts';
import type { Rights } from '../../organization/rights.ts';
import type { OrganizerOperation } from '../../organization/rights-rules.ts';
import type { Actor } from '../../viewer.ts';
import { type EventStatus, eventStatusAt, type StoredEventStatus } from '../event-status-rules.ts';

export type ChangeEventNeeds = { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> };

export type EventRow = typeof events.$inferSelect;

/** An event under its lock: no hold of any process is decided meanwhile. */
export type LockedEvent = {
  readonly event: EventRow;
  readonly status: EventStatus;
  readonly timeZone: string;
  /** By the database's clock. */
  readonly now: Date;
};

type EventOperation = Extract<
  OrganizerOperation,
  `Mutation.${'updateEvent' | 'publishEvent' | 'pauseSales' | 'resumeSales' | 'rescheduleEvent' | 'cancelEvent'}`
>;

/**
 * Runs `change` behind the event's lock, which every hold needs too, and writes the values that it returns, with the audit row
 * and the message to the index and the watchers. Returns without a change when there is nothing to change, so a repeated
 * request is harmless. `note`: what else the audit row says. Throws NotAllowed for a member whose role is too small, NotFound for all others, and TryAgain.
 */
export async function changeEvent(
  { db, rights }: ChangeEventNeeds,
  actor: Actor,
  { eventId, operation, note = {} }: { eventId: string; operation: EventOperation; note?: object },
  change: (tx: Tx, locked: LockedEvent) => Promise<Partial<EventRow>> | Partial<EventRow>,
): Promise<void> {
  const { organizationId, role } = await requireEventRight({ db, rights }, actor, eventId, operation);
  await orTryAgain(
    inTransaction(db, operation, async (tx) => {
      const locked = await lockEvent(tx, eventId);
      if (locked?.event.organizationId !== organizationId) throw new NotFound('event');
      const { event } = locked;
      const { before, after } = differences(event, await change(tx, locked));
      if (Object.keys(after).length === 0) return;
      const status = after.status ?? event.status;
      const updatedVersion = await writeEvent(tx, eventId, after);
      const subject = { type: 'Event', id: eventId };
      const name = operation.replace('Mutation.', '');
      await appendAudit(
        tx,
        { actor, role },
        { organizationId, operation: name, subject, before, after: { ...after, ...note } },
      );
      // A draft is not there for anyone who reads messages.
      if (status === 'DRAFT') return;
      const type = messageOf(event.status, status);
      await appendToOutbox(tx, [{ type, aggregateId: eventId, eventId, updatedVersion }]);
    }),
  );
}

function messageOf(before: StoredEventStatus, after: StoredEventStatus) {
  if (before === 'DRAFT') return 'EventPublished';
  return after === 'CANCELLED' && before !== after ? 'EventCancelled' : 'EventChanged';
}

/** The organization of the event, also of a draft, and the role that admits the actor to the operation. */
export async function requireEventRight(
  { db, rights }: ChangeEventNeeds,
  actor: Actor,
  eventId: string,
  operation: OrganizerOperation,
) {
  const organizationId = isUuid(eventId) ? await orTryAgain(findOwner(db, eventId)) : undefined;
  if (organizationId === undefined) throw new NotFound('event');
  const asked = { actor, operation, organizationId };
  return { organizationId, role: await orTryAgain(rights.requireRight(asked, 'event')) };
}

async function findOwner(db: Db, eventId: string): Promise<string | undefined> {
  const [row] = await db.execute<{ organizationId: string }>(
    sql`select organization_id as "organizationId" from events where id = ${eventId}`,
  );
  return row?.organizationId;
}

/** The lock of the inventory writer first, as every change of an event takes it. */
async function lockEvent(tx: Tx, eventId: string): Promise<LockedEvent | undefined> {
  await tx.execute(sql`select 1 from seat_inventories where event_id = ${eventId} for update`);
  const [row] = await tx
    .select({
      event: events,
      timeZone: sql<string>`(select time_zone from venues where venues.id = ${events.venueId})`,
      nowMs: sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::float8`,
    })
    .from(events)
    .where(eq(events.id, eventId))
    .for('update');
  if (!row) return undefined;
  const now = new Date(row.nowMs);
  return { event: row.event, timeZone: row.timeZone, now, status: eventStatusAt(now, row.event) };
}

type Columns = Partial<EventRow>;

/** The values of `wanted` that the event does not have, and those that it has instead. */
export function differences(event: EventRow, wanted: Columns): { before: Columns; after: Columns } {
  const differ = (Object.keys(wanted) as (keyof EventRow)[]).filter(
    (name) => JSON.stringify(event[name]) !== JSON.stringify(wanted[name]),
  );
  const valuesOf = (from: Columns): Columns => Object.fromEntries(differ.map((name) => [name, from[name]]));
  return { before: valuesOf(event), after: valuesOf(wanted) };
}

async function writeEvent(tx: Tx, eventId: string, values: Columns): Promise<number> {
  const [row] = await tx
    .update(events)
    .set({
      ...values,
      revision: sql`${events.revision} + 1`,
      updatedVersion: sql`${events.updatedVersion} + 1`,
      updatedAt: sql`now()`,
    })
    .where(eq(events.id, eventId))
    .returning({ updatedVersion: events.updatedVersion });
  if (!row) throw new Error(`event ${eventId} is gone`);
  return row.updatedVersion;
}

/** Throws InvalidInput for an event whose state does not allow the operation. */
export function requireStatus({ status }: Pick<LockedEvent, 'status'>, allowed: readonly EventStatus[]): void {
  if (!allowed.includes(status)) throw new InvalidInput('eventId', REASONS[status]);
}

const REASONS: Readonly<Record<EventStatus, string>> = {
  DRAFT: 'The event is a draft. Publish it first.',
  PUBLISHED: 'The event is published.',
  POSTPONED: 'The event is postponed. Give it a new date with rescheduleEvent.',
  CANCELLED: 'The event is cancelled.',
  ENDED: 'The event has taken place.',
};
