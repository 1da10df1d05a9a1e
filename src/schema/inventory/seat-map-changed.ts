import { NotFound } from '#domain/errors.ts';
import type {
  SeatMapDelta as SeatMapDeltaModel,
  SeatMapReset as SeatMapResetModel,
} from '#domain/inventory/seat-map-frames.ts';
import { watchSeatMap } from '#domain/inventory/watch-seat-map.ts';
import { whileAdmitted } from '#domain/waiting-room/while-admitted.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { SeatMap, SeatStatus } from './seat-map.ts';

const SeatChange = builder.objectRef<SeatMapDeltaModel['changes'][number]>('SeatChange').implement({
  description: 'What a seat has become.',
  fields: (t) => ({
    seatNo: t.exposeInt('seatNo', { description: 'Which seat: its index in every packed form.' }),
    status: t.field({ type: SeatStatus, description: 'Its state from now on.', resolve: ({ status }) => status }),
  }),
});

const SeatMapDelta = builder.objectRef<SeatMapDeltaModel>('SeatMapDelta').implement({
  description:
    'The seats that changed between two versions. The first delta begins at `sinceVersion`, each next one where the message before it on this subscription ended: fromVersion equals the version that the client already has. A library that sends its first `sinceVersion` again when it connects again gets a delta that begins earlier: apply it all the same, since it has the last state of every seat that changed.',
  fields: (t) => ({
    fromVersion: t.exposeInt('fromVersion', {
      description:
        'The version that these changes lead on from. At or below yours: apply them, if `toVersion` is above it. Above yours: changes are missing, read the seat map again.',
    }),
    toVersion: t.exposeInt('toVersion', {
      description:
        'The version that they lead to: yours from now on. At or below yours there is nothing new: ignore the delta.',
    }),
    changes: t.field({
      type: [SeatChange],
      description: 'Every seat that changed between the two, with its last state.',
      resolve: ({ changes }) => [...changes],
    }),
  }),
});

const SeatMapReset = builder.objectRef<SeatMapResetModel>('SeatMapReset').implement({
  description: "In band, whenever a delta can't be gap-free.",
  fields: (t) => ({
    seatMap: t.field({
      type: SeatMap,
      description: 'Forget what you have: this is the map, whatever its version.',
      resolve: ({ map }) => map,
    }),
  }),
});

const SeatMapChange = builder.unionType('SeatMapChange', {
  description: 'A step of a seat map: the changes, or the whole map again.',
  types: [SeatMapDelta, SeatMapReset],
  resolveType: ({ kind }) => (kind === 'delta' ? SeatMapDelta : SeatMapReset),
});

builder.subscriptionField('seatMapChanged', (t) =>
  t.field({
    type: SeatMapChange,
    description:
      'Every change of the seat map from now on, or from `sinceVersion`. Read the map, subscribe from its version, and apply each delta that ends above the version you have; after a reconnect give the version you have, or the first one again: both are right. It never completes by itself. While the waiting room of the event is open, it ends with the error ADMISSION_REQUIRED when the viewer is not, or no longer, in it.',
    args: {
      eventId: t.arg.id({ required: true, description: 'The id of an Event.' }),
      sinceVersion: t.arg.int({
        description:
          'The version that you have, or had: the first message leads on from it. Without it: from now on, and after a reconnect the first delta may begin above the version that you have.',
      }),
    },
    subscribe: (_root, args, { resources, viewer, admission }) => {
      const eventId = decodeId('Event', args.eventId);
      if (!eventId) throw new NotFound('event');
      const watch = () => watchSeatMap(resources, eventId, args.sinceVersion);
      return whileAdmitted(resources, viewer, { eventId, admission, watch });
    },
    resolve: (change) => change,
  }),
);
