import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { openPubSub } from '#redis/pubsub.ts';
import { seedEvent, seedMember, seedUser } from '#test/support/databases/catalog.ts';
import { openOrganizationWorld } from '#test/support/organizations/organization-world.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { NotFound } from '../errors.ts';
import { NotAllowed } from '../organization/errors.ts';
import { openRights } from '../organization/rights.ts';
import { createVenue, updateVenue } from './change-venue.ts';
import { listVenuesOfOrganization } from './organization-catalog-queries.ts';

const world = await openOrganizationWorld();
const { db, organizationWith } = world;
const pubsub = openPubSub({ url: await testRedisUrl(), name: 'venue-test' });
const rights = openRights({ db, pubsub });
const needs = { db, rights };
afterAll(async () => {
  rights.close();
  await pubsub.close();
  await world.close();
});

const hall = {
  name: ' Teatro ',
  address: null,
  city: 'Santiago',
  countryCode: 'CL',
  latitude: -33.4,
  longitude: -70.6,
  timeZone: 'america/santiago',
};

test('a venue is made and changed by managers of its organization, each change with an audit row', async () => {
  const { organizationId, owner } = await organizationWith(1);
  const actor = { userId: owner };
  const made = await createVenue(needs, actor, { ...hall, organizationId });
  expect(made).toMatchObject({ name: 'Teatro', timeZone: 'America/Santiago', capacity: 0 });
  const changed = await updateVenue(needs, actor, { venueId: made.id, address: 'Agustinas 794\nSantiago' });
  expect(changed).toEqual({ ...made, address: 'Agustinas 794\nSantiago' });
  expect(await updateVenue(needs, actor, { venueId: made.id }), 'nothing new').toEqual(changed);
  const { items } = await listVenuesOfOrganization(needs, organizationId, { size: 5, from: 'start' });
  expect(items).toMatchObject([changed]);
  const audit = await db.execute(sql`
    select operation, subject_id as id, before->>'address' as before, after->>'address' as after
    from organizer_audit where organization_id = ${organizationId} order by id`);
  expect([...audit]).toEqual([
    { operation: 'createVenue', id: made.id, before: null, after: null },
    { operation: 'updateVenue', id: made.id, before: null, after: changed.address },
  ]);
  const reader = (await seedUser(db)).userId;
  await seedMember(db, { organizationId, userId: reader, role: 'READER' });
  await expect(updateVenue(needs, { userId: reader }, { venueId: made.id, name: 'x' })).rejects.toBeInstanceOf(
    NotAllowed,
  );
  const stranger = { userId: (await organizationWith(1)).owner };
  await expect(updateVenue(needs, stranger, { venueId: made.id, name: 'x' })).rejects.toBeInstanceOf(NotFound);
  await expect(createVenue(needs, stranger, { ...hall, organizationId })).rejects.toBeInstanceOf(NotFound);
});

test('the published events of a changed venue change with it, and keep its time zone', async () => {
  const event = await seedEvent(db, { seats: 2 });
  const draft = await seedEvent(db, { seats: 2, like: event, status: 'DRAFT', organizerId: event.organizerId });
  const actor = { userId: event.organizerId };
  await updateVenue(needs, actor, { venueId: event.venueId, name: 'Renamed' });
  const versions = await db.execute<{ id: string; version: number }>(sql`
    select id, updated_version::float8 as version from events where venue_id = ${event.venueId} order by seq`);
  expect([...versions]).toEqual([
    { id: event.eventId, version: 2 },
    { id: draft.eventId, version: 1 },
  ]);
  const told = await db.execute(sql`select type, event_id from outbox`);
  expect([...told]).toEqual([{ type: 'EventChanged', event_id: event.eventId }]);
  const elsewhere = updateVenue(needs, actor, { venueId: event.venueId, timeZone: 'Europe/Zurich' });
  await expect(elsewhere).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'timeZone' });
});
