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
    name: t.exposeString('name', { description: 'As its owner writes it.' }),
    address: t.exposeString('address', { nullable: true, description: 'Street address, where it is known.' }),
    city: t.exposeString('city', { description: 'The city it is in.' }),
    countryCode: t.exposeString('countryCode', { description: 'ISO 3166-1 alpha-2, for example `MX`.' }),
    location: t.field({ type: GeoPoint, description: 'Where it is.', resolve: (venue) => venue }),
    timeZone: t.exposeString('timeZone', {
      description: 'IANA name, for example `America/Toronto`: show times of its events in it.',
    }),
    capacity: t.exposeInt('capacity', { description: 'How many people it seats.' }),
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
