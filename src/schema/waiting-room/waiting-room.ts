import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { Room } from '#domain/waiting-room/room.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { findNodesOf, Node } from '../node.ts';

export const WaitingRoomState = builder.enumType('WaitingRoomState', {
  description: 'The state of a waiting room.',
  values: {
    CLOSED: { description: 'The room opens at `opensAt`.' },
    OPEN: { description: 'Fans can join. At `drawAt` the order is drawn among all fans who joined before.' },
    DRAWN: { description: 'The order is drawn, and fans go in. A fan who joins now stands behind the others.' },
    ENDED: { description: 'The room has ended, and the event needs no admission.' },
  } as const,
});

export const WaitingRoom = builder.objectRef<Room>('WaitingRoom').implement({
  description:
    'A waiting room, in which fans wait for their turn when too many want seats at once. While it is open, the seat map, its subscription and `createBooking` need an admission.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'Global id, one for each event.',
      resolve: ({ eventId }) => encodeGlobalId('WaitingRoom', eventId),
    }),
    state: t.field({ type: WaitingRoomState, description: 'The state of the room.', resolve: ({ state }) => state }),
    paused: t.boolean({
      description: 'True while no further fan is admitted. Fans inside stay.',
      resolve: ({ isPaused }) => isPaused,
    }),
    capacity: t.exposeInt('capacity', { description: 'How many fans may be inside at once.' }),
    opensAt: t.field({
      type: 'DateTime',
      description: 'When fans can begin to join.',
      resolve: ({ opensAtMs }) => new Date(opensAtMs),
    }),
    drawAt: t.field({
      type: 'DateTime',
      description: 'When the order is drawn and admission begins.',
      resolve: ({ drawAtMs }) => new Date(drawAtMs),
    }),
    entries: t.int({
      description: 'The number of places given out so far, at most a second old.',
      resolve: ({ joined }) => joined,
    }),
    admittedUpTo: t.int({
      description: 'Positions up to this one have had their turn, or have it now.',
      resolve: ({ watermark }) => watermark,
    }),
    drawCommitment: t.string({
      nullable: true,
      description:
        'The SHA-256 hash, in hex, of the secret of the draw. It is published before anyone can know the secret.',
      resolve: ({ drawCommitment }) => drawCommitment,
    }),
    drawSecret: t.string({
      nullable: true,
      description: 'The secret of the draw, 32 bytes in hex; null until the draw. With it anyone can repeat the draw.',
      resolve: ({ draw }) => draw?.secret,
    }),
  }),
});

findNodesOf('WaitingRoom', async (eventId, { resources, loaders }) => {
  const room = resources.waitingRooms.get(eventId)?.room;
  // A room can exist before its event is published. A copy, because the type is written into it.
  return room && (await loaders.event.load(eventId)) ? { ...room } : undefined;
});

builder.objectField(Event, 'waitingRoom', (t) =>
  t.field({
    type: WaitingRoom,
    nullable: true,
    description: 'The waiting room of the event; null when it has none.',
    resolve: ({ id }, _args, { resources }) => resources.waitingRooms.get(id)?.room,
  }),
);
