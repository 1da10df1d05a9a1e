import type { Room } from '#domain/waiting-room/room.ts';
import { statsOf } from '#domain/waiting-room/room-stats.ts';
import { builder } from '../builder.ts';
import { Event, requireEvent } from '../catalog/event.ts';
import { WaitingRoomStats } from './organizer-stats.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Defines the success type of an organizer's mutation: the room as it is after the mutation. */
export const implementRoomSuccess = <Name extends string>(name: Name, description: string) =>
  builder.objectRef<{ room: Room }>(name).implement({
    description,
    fields: (t) => ({
      event: t.field({
        type: Event,
        description: 'The event.',
        resolve: ({ room }, _args, context) => requireEvent(room.eventId, context),
      }),
      waitingRoom: t.field({
        type: WaitingRoom,
        description: 'The waiting room as it is now.',
        resolve: ({ room }) => room,
      }),
      stats: t.field({
        type: WaitingRoomStats,
        description: 'The figures of the room, as of its last update.',
        resolve: ({ room }) => statsOf(room),
      }),
    }),
  });
