import type { Venue as VenueModel } from '#domain/catalog/venue-queries.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';

const GeoPoint = builder.objectRef<{ latitude: number; longitude: number }>('GeoPoint').implement({
  description: 'A place on earth, WGS 84.',
  fields: (t) => ({
    latitude: t.exposeFloat('latitude', { description: 'Degrees north, -90 to 90.' }),
    longitude: t.exposeFloat('longitude', { description: 'Degrees east, -180 to 180.' }),
  }),
});

export const Venue = builder.objectRef<VenueModel>('Venue').implement({
  description: 'A building with seats, where events take place.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ description: 'Global id.', resolve: (venue) => encodeGlobalId('Venue', venue.id) }),
    name: t.exposeString('name', { description: 'The name as the owner of the venue writes it.' }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The street address; null when it is not known.',
    }),
    city: t.exposeString('city', { description: 'The city of the venue.' }),
    countryCode: t.exposeString('countryCode', {
      description: 'The country code, ISO 3166-1 alpha-2, for example `MX`.',
    }),
    location: t.field({ type: GeoPoint, description: 'The place of the venue.', resolve: (venue) => venue }),
    timeZone: t.exposeString('timeZone', {
      description:
        'The IANA name of the time zone, for example `America/Toronto`. Show the times of events in this zone.',
    }),
    capacity: t.exposeInt('capacity', { description: 'The number of seats.' }),
  }),
});

findNodesOf('Venue', (id, { loaders }) => loaders.venue.load(id));

builder.queryField('venue', (t) =>
  t.field({
    type: Venue,
    nullable: true,
    description: 'The venue with this id; null when it is unknown.',
    args: { id: t.arg.id({ required: true, description: 'The id of a Venue.' }) },
    resolve: async (_root, { id }, { loaders }) => {
      const venueId = decodeId('Venue', id);
      return venueId ? loaders.venue.load(venueId) : null;
    },
  }),
);
