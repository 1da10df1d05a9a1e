import { NotFound } from '#domain/errors.ts';
import { findRoomStats, type RoomStats } from '#domain/waiting-room/room-stats.ts';
import { watchRoomStats } from '#domain/waiting-room/watch-room-stats.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireViewer } from '../viewer.ts';
import { WaitEstimate } from './place.ts';
import { WaitingRoomState } from './waiting-room.ts';

export const WaitingRoomStats = builder.objectRef<RoomStats>('WaitingRoomStats').implement({
  description: 'What the organizer of an event sees of its waiting room, a second ago at most.',
  fields: (t) => ({
    state: t.field({ type: WaitingRoomState, description: 'Where it is in its life.', resolve: ({ state }) => state }),
    paused: t.boolean({
      description: 'True while nobody new is admitted.',
      resolve: ({ isPaused }) => isPaused,
    }),
    capacity: t.exposeInt('capacity', { description: 'How many may be inside at once.' }),
    joined: t.exposeInt('joined', { description: 'Places given out, those that were left included.' }),
    waiting: t.exposeInt('waiting', { description: 'Places whose turn has not come.' }),
    inside: t.exposeInt('inside', { description: 'Fans in the room.' }),
    admittedPerMinute: t.exposeFloat('admittedPerMinute', { description: 'Turns that began, a minute.' }),
    showUpRate: t.exposeFloat('showUpRate', {
      description: 'Of the turns that are over, the share that was taken: 0 to 1. It decides how many turns begin.',
    }),
    missed: t.exposeInt('missed', { description: 'Turns that nobody took.' }),
    estimate: t.field({
      type: WaitEstimate,
      nullable: true,
      description: 'The wait of somebody who joins now; null before the draw, and while nothing is known.',
      resolve: ({ estimate }) => estimate,
    }),
  }),
});

builder.queryField('waitingRoomStats', (t) =>
  t.field({
    type: WaitingRoomStats,
    nullable: true,
    description: "For the event's organizer: null for everybody else, as for an event without a waiting room.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    resolve: async (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      return eventId ? findRoomStats(context.resources, viewer, eventId) : null;
    },
  }),
);

builder.subscriptionField('waitingRoomStats', (t) =>
  t.field({
    type: WaitingRoomStats,
    description: "For the event's organizer: the stats now, and whenever they have changed, once a second at most.",
    args: { eventId: t.arg.id({ required: true, description: 'The id of an Event.' }) },
    subscribe: (_root, args, context) => {
      const viewer = requireViewer(context);
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('waiting room');
      return watchRoomStats(context.resources, viewer, eventId);
    },
    resolve: (stats) => stats,
  }),
);
