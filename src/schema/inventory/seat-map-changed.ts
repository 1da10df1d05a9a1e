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
  description: 'The new state of a seat.',
  fields: (t) => ({
    seatNo: t.exposeInt('seatNo', { description: 'The number of the seat: its index in every packed form.' }),
    status: t.field({ type: SeatStatus, description: 'The new state.', resolve: ({ status }) => status }),
  }),
});

const SeatMapDelta = builder.objectRef<SeatMapDeltaModel>('SeatMapDelta').implement({
  description:
    'The seats that changed between two versions. The first delta begins at `sinceVersion`, and each further delta begins where the message before it on this subscription ended, so `fromVersion` equals the version that the client already has. A client library that reconnects with its first `sinceVersion` gets a delta that begins earlier. Apply it all the same, because it has the last state of every changed seat.',
  fields: (t) => ({
    fromVersion: t.exposeInt('fromVersion', {
      description:
        'The version before these changes. When it is at or below your version, apply the changes if `toVersion` is above your version. When it is above your version, changes are missing: read the seat map again.',
    }),
    toVersion: t.exposeInt('toVersion', {
      description:
        'The version after these changes, and your version from now on. When it is at or below your version, ignore the delta: it has nothing new.',
    }),
    changes: t.field({
      type: [SeatChange],
      description: 'Every seat that changed between the two versions, with its last state.',
      resolve: ({ changes }) => [...changes],
    }),
  }),
});

const SeatMapReset = builder.objectRef<SeatMapResetModel>('SeatMapReset').implement({
  description: 'The whole seat map. Sent instead of a delta when the server cannot send the changes without a gap.',
  fields: (t) => ({
    seatMap: t.field({
      type: SeatMap,
      description: 'The new seat map. Replace yours with it, even if its version is lower.',
      resolve: ({ map }) => map,
    }),
  }),
});

const SeatMapChange = builder.unionType('SeatMapChange', {
  description: 'A message about a seat map: the changes, or the whole map.',
  types: [SeatMapDelta, SeatMapReset],
  resolveType: ({ kind }) => (kind === 'delta' ? SeatMapDelta : SeatMapReset),
});

builder.subscriptionField('seatMapChanged', (t) =>
  t.field({
    type: SeatMapChange,
    description:
      'Sends every change of the seat map from now on, or from `sinceVersion`. Read the map, subscribe from its version, and apply each delta whose `toVersion` is above your version. After a reconnect, give either your version or your first `sinceVersion` again: both work. The subscription never completes by itself. While the waiting room of the event is open, it ends with the error ADMISSION_REQUIRED when the viewer is not, or no longer, in it.',
    args: {
      eventId: t.arg.id({ required: true, description: 'The id of an Event.' }),
      sinceVersion: t.arg.int({
        description:
          'The version that you have, or had: the first message begins there. Without it, changes are sent from now on, and after a reconnect the first delta may begin above your version.',
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
