import { NotFound } from '#domain/errors.ts';
import { findRoomStats, type RoomStats } from '#domain/waiting-room/room-stats.ts';
import { watchRoomStats } from '#domain/waiting-room/watch-room-stats.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { WaitEstimate } from './place.ts';
import { WaitingRoomState } from './waiting-room.ts';

export const WaitingRoomStats = builder.objectRef<RoomStats>('WaitingRoomStats').implement({
  description: 'Figures of a waiting room for the organization of its event, at most a second old.',
  fields: (t) => ({
    state: t.field({ type: WaitingRoomState, description: 'The state of the room.', resolve: ({ state }) => state }),
    paused: t.boolean({
      description: 'True while no further fan is admitted.',
      resolve: ({ isPaused }) => isPaused,
    }),
    capacity: t.exposeInt('capacity', { description: 'How many fans may be inside at once.' }),
    joined: t.exposeInt('joined', {
      description: 'The number of places given out, including those that fans have left.',
    }),
    waiting: t.exposeInt('waiting', { description: 'The number of places whose turn has not come.' }),
    inside: t.exposeInt('inside', { description: 'The number of fans inside.' }),
    admittedPerMinute: t.exposeFloat('admittedPerMinute', {
      description: 'The number of turns that began, per minute.',
    }),
    showUpRate: t.exposeFloat('showUpRate', {
      description: 'The share of finished turns that fans took, 0 to 1. It decides how many turns begin.',
    }),
    missed: t.exposeInt('missed', { description: 'The number of turns that were not taken.' }),
    estimate: t.field({
      type: WaitEstimate,
      nullable: true,
      description: 'The wait of a fan who joins now; null before the draw, and while it cannot be estimated.',
      resolve: ({ estimate }) => estimate,
    }),
  }),
});

builder.queryField('waitingRoomStats', (t) =>
  t.field({
    type: WaitingRoomStats,
    nullable: true,
    description:
      'The figures of a waiting room. Only for owners and managers of the organization of the event: null for callers outside it, and for an event without a waiting room.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const actor = requireActor(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) return null;
      const found = await findRoomStats(context.resources, { actor, eventId, operation: 'Query.waitingRoomStats' });
      return found?.stats;
    },
  }),
);

builder.subscriptionField('waitingRoomStats', (t) =>
  t.field({
    type: WaitingRoomStats,
    description:
      'Sends the figures of a waiting room now, and again when they change, at most once a second. Only for owners and managers of the organization of the event. It ends with the error NOT_ALLOWED when the role of the caller ends.',
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, context) => {
      const actor = requireActor(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('waiting room');
      return watchRoomStats(context.resources, actor, eventId);
    },
    resolve: (stats) => stats,
  }),
);
