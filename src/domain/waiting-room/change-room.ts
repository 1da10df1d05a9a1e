import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { eventChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import type { Rights } from '../organization/rights.ts';
import type { OrganizerOperation } from '../organization/rights-rules.ts';
import type { Actor } from '../viewer.ts';
import { publishRoom } from './publish-room.ts';
import { readRooms } from './read-rooms.ts';
import type { Room, RoomState } from './room.ts';
import type { EventTimes, StoredSettings } from './room-settings-rules.ts';

export type ChangeNeeds = { readonly db: Db; readonly redis: Redis; readonly rights: Pick<Rights, 'requireRight'> };

type RoomOperation = 'configureWaitingRoom' | 'openWaitingRoom' | 'pauseWaitingRoom' | 'endWaitingRoom';

/** The room under its lock, and the fields of its event that matter to it. */
export type ManagedRoom = StoredSettings & {
  readonly state: RoomState;
  readonly isPaused: boolean;
  readonly isDrawn: boolean;
};
export type ManagedEvent = EventTimes & { readonly eventId: string };

/**
 * Runs `change` under the lock of the event's room (undefined without one), writes the audit row, and after the commit
 * notifies API processes and watchers. Throws NotAllowed for a member of the event's organization whose role is too
 * small, NotFound for all others, and TryAgain.
 */
export async function changeRoom(
  { db, redis, rights }: ChangeNeeds,
  actor: Actor,
  { eventId, operation }: { eventId: string; operation: RoomOperation },
  change: (tx: Tx, room: ManagedRoom | undefined, event: ManagedEvent) => Promise<void>,
): Promise<Room> {
  const managed = await orTryAgain(requireEventRight({ db, rights }, actor, eventId, `Mutation.${operation}`));
  const room = await orTryAgain(
    inTransaction(db, 'changeWaitingRoom', async (tx) => {
      const event = await findManagedEvent(tx, managed.organizationId, eventId);
      if (!event) throw new NotFound('event');
      const before = await lockManagedRoom(tx, eventId);
      await change(tx, before, event);
      const after = await lockManagedRoom(tx, eventId);
      const subject = { type: 'Event', id: eventId };
      const { organizationId, role } = managed;
      if (JSON.stringify(before) !== JSON.stringify(after))
        await appendAudit(tx, { actor, role }, { organizationId, operation, subject, before, after });
      return (await readRooms(tx, { eventIds: [eventId] }))[0];
    }),
  );
  if (!room) throw new NotFound('waiting room');
  // API processes compare with PostgreSQL every few seconds, so nothing is lost when Redis is away.
  await Promise.allSettled([publishRoom({ redis }, room), redis.publish(eventChannel(eventId), eventId)]);
  return room;
}

/**
 * The organization of the event, and the role that admits the actor to the operation. Throws NotAllowed for a member
 * whose role is too small, and NotFound for all others, for an unknown event and for a draft.
 */
export async function requireEventRight(
  { db, rights }: Pick<ChangeNeeds, 'db' | 'rights'>,
  actor: Actor,
  eventId: string,
  operation: OrganizerOperation,
) {
  const [event] = isUuid(eventId)
    ? await db.execute<{ organizationId: string }>(sql`
        select e.organization_id as "organizationId" from events e where e.id = ${eventId} and e.status <> 'DRAFT'`)
    : [];
  if (!event) throw new NotFound('event');
  const { organizationId } = event;
  return { organizationId, role: await rights.requireRight({ actor, operation, organizationId }, 'event') };
}

const ms = (instant: string) => sql.raw(`floor(extract(epoch from ${instant}) * 1000)::float8`);

/** Undefined when the event went to another organization since. */
async function findManagedEvent(tx: Tx, organizationId: string, eventId: string): Promise<ManagedEvent | undefined> {
  const [event] = await tx.execute<ManagedEvent>(sql`
    select e.id as "eventId", ${ms('clock_timestamp()')} as "nowMs", ${ms('e.on_sale_at')} as "onSaleAtMs",
           ${ms('e.off_sale_at')} as "offSaleAtMs"
    from events e where e.id = ${eventId} and e.status <> 'DRAFT' and e.organization_id = ${organizationId}`);
  return event;
}

export async function lockManagedRoom(tx: Tx, eventId: string): Promise<ManagedRoom | undefined> {
  const [room] = await tx.execute<ManagedRoom>(sql`
    select state, paused as "isPaused", drawn_at is not null as "isDrawn", capacity,
           session_seconds as "sessionSeconds", grace_seconds as "graceSeconds",
           ${ms('opens_at')} as "opensAtMs", ${ms('draw_at')} as "drawAtMs"
    from waiting_rooms where event_id = ${eventId} for update`);
  return room;
}
