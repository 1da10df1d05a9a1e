import type { RoomSessions } from '#domain/waiting-room/room-sessions.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { firstOfEachKey } from './handle-messages.ts';
import { type TopicWorker, worker } from './run-worker.ts';

type Needs = { roomSessions: RoomSessions };

/**
 * A fan who has paid gives the slot in the waiting room to the next fan. A repeated message changes nothing, because
 * it ends only sessions that were entered before the payment was confirmed; so no inbox is needed.
 */
export const followCheckouts = worker<Needs, TopicWorker<Needs>>({
  name: 'follow-checkouts',
  topics: ['booking'],
  gathering: { leastMs: 100, mostMs: 100 },
  run: follow,
  runMany: async (needs, messages) => {
    const eventIds = messages.flatMap(({ event }) => (event.type === 'BookingConfirmed' ? [event.eventId] : []));
    const rooms = await needs.roomSessions.roomsAmong([...new Set(eventIds)]);
    const done = firstOfEachKey(
      messages,
      ({ event }) => event.type !== 'BookingConfirmed' || !rooms.has(event.eventId),
    );
    return new Set(done.map(({ messageId }) => messageId));
  },
});

async function follow({ roomSessions }: Needs, event: DomainEvent): Promise<void> {
  if (event.type !== 'BookingConfirmed') return;
  await roomSessions.end(event.eventId, event.userId, 'CHECKOUT', { beforeMs: Date.parse(event.confirmedAt) });
}
