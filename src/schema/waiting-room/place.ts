import { randomUUID } from 'node:crypto';
import { decodePlaceId, encodeGlobalId, encodePlaceId } from '#domain/global-id-rules.ts';
import type { WaitEstimate as WaitEstimateModel } from '#domain/waiting-room/estimate-rules.ts';
import { findPlace } from '#domain/waiting-room/find-place.ts';
import { claimsOf, type Place } from '#domain/waiting-room/place.ts';
import { builder } from '../builder.ts';
import { Event } from '../catalog/event.ts';
import { findNodesOf, Node } from '../node.ts';

const PlaceState = builder.enumType('PlaceState', {
  description: 'The state of a place.',
  values: {
    WAITING: { description: 'The turn has not come yet.' },
    YOUR_TURN: {
      description:
        'The viewer may go in by using `admission` before it expires. While `admission` is null, the room is full.',
    },
    INSIDE: { description: 'The viewer is in the room and may choose seats.' },
    LEFT: { description: 'The viewer left, finished, or was inactive for too long, or the room has ended.' },
    MISSED: { description: 'The turn ended before the viewer came in. Join again.' },
  } as const,
});

export const WaitEstimate = builder.objectRef<WaitEstimateModel>('WaitEstimate').implement({
  description: 'An estimate of the wait, from how fast the room moves now.',
  fields: (t) => ({
    p50Seconds: t.exposeInt('p50Seconds', { description: 'Half of the waits are not longer than this.' }),
    p90Seconds: t.exposeInt('p90Seconds', { description: 'Nine of ten waits are not longer than this.' }),
  }),
});

const Admission = builder.objectRef<Place & { admission: NonNullable<Place['admission']> }>('Admission').implement({
  description:
    'The right to go in. Send `token` as the header Frontrow-Admission, or as `admission` in the WebSocket connection params.',
  fields: (t) => ({
    token: t.string({
      description:
        'Valid for this viewer, this event and this sign-in session only. With the first use the viewer goes in.',
      resolve: (place, _args, { resources }) =>
        resources.admissionTokens.issue(claimsOf(place, place.admission, randomUUID())),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description:
        'With YOUR_TURN, the end of the turn: go in before then. With INSIDE, the end of the stay, or in ten minutes if that is sooner; `waitingRoomChanged` sends a new admission before then.',
      resolve: ({ admission }) => new Date(admission.expiresAtMs),
    }),
  }),
});

export const WaitingRoomPlace = builder.objectRef<Place>('WaitingRoomPlace').implement({
  description: "The viewer's place in a waiting room. `position` and `ahead` are null until the draw.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description:
        'Global id, one for each viewer and event. A viewer who leaves and joins again has a new place with the same id.',
      resolve: ({ eventId, userId }) => encodeGlobalId('WaitingRoomPlace', encodePlaceId(eventId, userId)),
    }),
    event: t.field({
      type: Event,
      description: 'The event.',
      resolve: ({ eventId }, _args, { resources }) => resources.eventCache.find(eventId),
    }),
    state: t.field({ type: PlaceState, description: 'The state of the place.', resolve: ({ state }) => state }),
    position: t.int({
      nullable: true,
      description:
        'The position in the order of admission, from 1. It is drawn among the fans who joined before the draw; fans who join later stand behind them.',
      resolve: ({ position }) => position,
    }),
    ahead: t.int({
      nullable: true,
      description: 'The number of positions before this one.',
      resolve: ({ ahead }) => ahead,
    }),
    estimate: t.field({
      type: WaitEstimate,
      nullable: true,
      description: 'The estimated wait, while the viewer waits and the wait can be estimated.',
      resolve: ({ estimate }) => estimate,
    }),
    admission: t.field({
      type: Admission,
      nullable: true,
      description:
        'The admission. Set with YOUR_TURN and INSIDE, unless the room is full or another session of the viewer is inside.',
      resolve: ({ admission, ...place }) => admission && { ...place, admission },
    }),
    ticket: t.string({
      description:
        'Send it with each request as the header Frontrow-Place, or as `place` in the WebSocket connection params, so that the server need not look the place up. Only the viewer of the place can use it.',
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
