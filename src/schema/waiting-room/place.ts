import { randomUUID } from 'node:crypto';
import { decodePlaceId, encodeGlobalId, encodePlaceId } from '#domain/global-id-rules.ts';
import type { WaitEstimate as WaitEstimateModel } from '#domain/waiting-room/estimate-rules.ts';
import { findPlace } from '#domain/waiting-room/find-place.ts';
import { claimsOf, type Place } from '#domain/waiting-room/place.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { findNodesOf, Node } from '../node.ts';

const PlaceState = builder.enumType('PlaceState', {
  description: 'The life of a place.',
  values: {
    WAITING: { description: 'The turn has not come yet.' },
    YOUR_TURN: {
      description: 'The viewer may go in, by using `admission` in time. Without one the room is full for the moment.',
    },
    INSIDE: { description: 'The viewer is in the room and may choose seats.' },
    LEFT: { description: 'The viewer left, finished, or was silent for too long; or the room is over.' },
    MISSED: { description: 'The turn is over, and the viewer did not come. Join again.' },
  } as const,
});

export const WaitEstimate = builder.objectRef<WaitEstimateModel>('WaitEstimate').implement({
  description: 'How long the wait will be, by how fast the room moves now.',
  fields: (t) => ({
    p50Seconds: t.exposeInt('p50Seconds', { description: 'In half of the cases not longer.' }),
    p90Seconds: t.exposeInt('p90Seconds', { description: 'In nine of ten cases not longer.' }),
  }),
});

const Admission = builder.objectRef<Place & { admission: NonNullable<Place['admission']> }>('Admission').implement({
  description: 'Sent as the header Frontrow-Admission, or as `admission` in the WebSocket connection params.',
  fields: (t) => ({
    token: t.string({
      description: 'For this viewer, this event and this sign-in session only. Its first use is the entry.',
      resolve: (place, _args, { resources }) =>
        resources.admissionTokens.issue(claimsOf(place, place.admission, randomUUID())),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'With YOUR_TURN the end of the turn: go in before. Inside, the end of the session or ten minutes; a new admission comes before.',
      resolve: ({ admission }) => new Date(admission.expiresAtMs),
    }),
  }),
});

export const WaitingRoomPlace = builder.objectRef<Place>('WaitingRoomPlace').implement({
  description: "The viewer's place in a waiting room. position and ahead are null until the draw.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description:
        'Global id, one for each viewer and event: a viewer who leaves and joins again has another place under the same id.',
      resolve: ({ eventId, userId }) => encodeGlobalId('WaitingRoomPlace', encodePlaceId(eventId, userId)),
    }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, { resources }) => resources.eventCache.find(eventId),
    }),
    state: t.field({ type: PlaceState, description: 'Where it is in its life.', resolve: ({ state }) => state }),
    position: t.int({
      nullable: true,
      description:
        'In the order of admission, from 1: drawn for those who joined before the draw, later ones behind them.',
      resolve: ({ position }) => position,
    }),
    ahead: t.int({
      nullable: true,
      description: 'How many positions come before this one.',
      resolve: ({ ahead }) => ahead,
    }),
    estimate: t.field({
      type: WaitEstimate,
      nullable: true,
      description: 'While waiting, as soon as there is anything to tell it by.',
      resolve: ({ estimate }) => estimate,
    }),
    admission: t.field({
      type: Admission,
      nullable: true,
      description:
        'The way in: with YOUR_TURN and INSIDE, unless the room is full or another session of the viewer is in.',
      resolve: ({ admission, ...place }) => admission && { ...place, admission },
    }),
    ticket: t.string({
      description:
        'To be sent with each request as the header Frontrow-Place, or as `place` in the WebSocket connection params: then nobody has to look the place up. Only its viewer can use it.',
      resolve: (place, _args, { resources }) => resources.placeTickets.sign(place),
    }),
  }),
});

findNodesOf(
  'WaitingRoomPlace',
  async (id, { viewer, resources, place }) => {
    const named = decodePlaceId(id);
    if (!viewer || named?.userId !== viewer.userId) return undefined;
    return findPlace(resources, viewer, { eventId: named.eventId, ticket: place });
  },
  (id) => decodePlaceId(id) !== undefined,
);
