import { createVenue, createVenueRefusals, updateVenue, updateVenueRefusals } from '#domain/catalog/change-venue.ts';
import type { Venue as VenueModel } from '#domain/catalog/venue-queries.ts';
import { NotFound } from '#domain/errors.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { Venue } from './venue.ts';

const LocationInput = builder.inputType('LocationInput', {
  description: 'A place on earth, WGS 84.',
  fields: (t) => ({
    latitude: t.float({ required: true, description: 'Degrees north, -90 to 90.' }),
    longitude: t.float({ required: true, description: 'Degrees east, -180 to 180.' }),
  }),
});

const texts = {
  name: '1 to 100 characters.',
  address: 'The street address, at most 300 characters; line breaks are allowed.',
  city: '1 to 100 characters.',
  countryCode: 'The country code, ISO 3166-1 alpha-2, for example `MX`.',
  location: 'The place of the venue.',
} as const;

const CreateVenueInput = builder.inputType('CreateVenueInput', {
  description: 'A new venue.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    name: t.string({ required: true, description: texts.name }),
    address: t.string({ description: texts.address }),
    city: t.string({ required: true, description: texts.city }),
    countryCode: t.string({ required: true, description: texts.countryCode }),
    location: t.field({ type: LocationInput, required: true, description: texts.location }),
    timeZone: t.string({ required: true, description: 'An IANA name, for example `America/Toronto`.' }),
  }),
});

const UpdateVenueInput = builder.inputType('UpdateVenueInput', {
  description: 'The changes of a venue. What is left out or null stays as it is; only the address is removed by null.',
  fields: (t) => ({
    venueId: t.id({ required: true, description: 'The id of a Venue.' }),
    name: t.string({ description: texts.name }),
    address: t.string({ description: `${texts.address} Null removes it.` }),
    city: t.string({ description: texts.city }),
    countryCode: t.string({ description: texts.countryCode }),
    location: t.field({ type: LocationInput, description: texts.location }),
    timeZone: t.string({
      description: 'An IANA name, for example `America/Toronto`. It cannot change once the venue has events.',
    }),
  }),
});

const venueSuccess = (name: string, description: string) =>
  builder.objectRef<{ venue: VenueModel }>(name).implement({
    description,
    fields: (t) => ({
      venue: t.field({ type: Venue, description: 'The venue, as it is now.', resolve: ({ venue }) => venue }),
    }),
  });

builder.mutationField('createVenue', (t) =>
  t.field({
    type: venueSuccess('CreateVenueSuccess', 'The venue exists. It has no seats yet.'),
    description: 'Makes a venue of an organization. Only for owners and managers.',
    args: { input: t.arg({ type: CreateVenueInput, required: true, description: 'The new venue.' }) },
    errors: {
      types: [...createVenueRefusals],
      union: { name: 'CreateVenueResult', description: 'The venue, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createVenue', async () => {
        const organizationId = decodeId('Organization', input.organizationId);
        if (!organizationId) throw new NotFound('organization');
        const { location, address, ...rest } = input;
        const venue = { ...rest, ...location, address: address ?? null, organizationId };
        return { venue: await createVenue(context.resources, actor, venue) };
      });
    },
  }),
);

builder.mutationField('updateVenue', (t) =>
  t.field({
    type: venueSuccess('UpdateVenueSuccess', 'The venue has these data, also in its events.'),
    description:
      'Changes a venue. Fans see the change in its events and in the search within seconds. Only for owners and managers of its organization.',
    args: { input: t.arg({ type: UpdateVenueInput, required: true, description: 'The changes.' }) },
    errors: {
      types: [...updateVenueRefusals],
      union: { name: 'UpdateVenueResult', description: 'The venue, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('updateVenue', async () => {
        const venueId = decodeId('Venue', input.venueId);
        if (!venueId) throw new NotFound('venue');
        return { venue: await updateVenue(context.resources, actor, { ...givenOf(input), venueId }) };
      });
    },
  }),
);

/** Without the values that are left out or null, except a null address. */
function givenOf({ location, venueId: _, ...rest }: typeof UpdateVenueInput.$inferInput) {
  const values = { ...rest, ...location };
  const given = Object.entries(values).filter(
    ([name, value]) => value !== undefined && (value !== null || name === 'address'),
  );
  return Object.fromEntries(given) as Partial<Parameters<typeof updateVenue>[2]>;
}
