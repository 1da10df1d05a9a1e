import type { RoomSessions } from '#domain/waiting-room/room-sessions.ts';
import { type TopicWorker, worker } from './run-worker.ts';

type Needs = { roomSessions: RoomSessions };

/**
 * A fan who has paid gives the slot in the waiting room to the next fan. A repeated message changes nothing, because
 * it ends only sessions that were entered before the payment was confirmed; so no inbox is needed.
 */
export const followCheckouts = worker<Needs, TopicWorker<Needs>>({
  name: 'follow-checkouts',
  topics: ['booking'],
  run: async ({ roomSessions }, event) => {
    if (event.type !== 'BookingConfirmed') return;
    await roomSessions.end(event.eventId, event.userId, 'CHECKOUT', { beforeMs: Date.parse(event.confirmedAt) });
  },
});
