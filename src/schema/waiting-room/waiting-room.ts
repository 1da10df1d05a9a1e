import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { Room } from '#domain/waiting-room/room.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { findNodesOf, Node } from '../node.ts';

export const WaitingRoomState = builder.enumType('WaitingRoomState', {
  description: 'The life of a waiting room.',
  values: {
    CLOSED: { description: 'It opens at `opensAt`.' },
    OPEN: { description: 'Fans join. The order is drawn at `drawAt` among all who joined by then.' },
    DRAWN: { description: 'The order is drawn and fans go in; whoever joins now stands behind them.' },
    ENDED: { description: 'It is over: the event needs no admission.' },
  } as const,
});

export const WaitingRoom = builder.objectRef<Room>('WaitingRoom').implement({
  description:
    'Where fans wait for their turn when more want seats than can choose at once. While it is open, the seat map, its subscription and `createBooking` need an admission.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: "Global id, made from the event's.",
      resolve: ({ eventId }) => encodeGlobalId('WaitingRoom', eventId),
    }),
    state: t.field({ type: WaitingRoomState, description: 'Where it is in its life.', resolve: ({ state }) => state }),
    paused: t.boolean({
      description: 'True while nobody new is admitted; those inside go on.',
      resolve: ({ isPaused }) => isPaused,
    }),
    capacity: t.exposeInt('capacity', { description: 'How many may be inside at once.' }),
    opensAt: t.field({
      type: 'DateTime',
      description: 'From when fans can join.',
      resolve: ({ opensAtMs }) => new Date(opensAtMs),
    }),
    drawAt: t.field({
      type: 'DateTime',
      description: 'When the order is drawn and admission begins.',
      resolve: ({ drawAtMs }) => new Date(drawAtMs),
    }),
    entries: t.int({
      description: 'Places given out so far, a second ago at most.',
      resolve: ({ joined }) => joined,
    }),
    admittedUpTo: t.int({
      description: 'Positions up to here have had their turn, or have it now.',
      resolve: ({ watermark }) => watermark,
    }),
    drawCommitment: t.string({
      nullable: true,
      description: 'SHA-256, in hex, of the secret of the draw; public before anybody can know the secret.',
      resolve: ({ drawCommitment }) => drawCommitment,
    }),
    drawSecret: t.string({
      nullable: true,
      description: 'The secret of the draw, 32 bytes in hex; null until the draw. With it anybody can draw again.',
      resolve: ({ draw }) => draw?.secret,
    }),
  }),
});

findNodesOf('WaitingRoom', async (eventId, { resources, loaders }) => {
  const room = resources.waitingRooms.get(eventId)?.room;
  // A room can be made before its event is published. A copy, because the type is written into it.
  return room && (await loaders.event.load(eventId)) ? { ...room } : undefined;
});

builder.objectField(Event, 'waitingRoom', (t) =>
  t.field({
    type: WaitingRoom,
    nullable: true,
    description: 'Its waiting room; null when it has none.',
    resolve: ({ id }, _args, { resources }) => resources.waitingRooms.get(id)?.room,
  }),
);
