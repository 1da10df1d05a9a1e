import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import { fanAt, signInAsGuest } from '#test/fans/fan.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openAttempts, organizationMutations } from '#test/support/http/attempts.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/** Every member of the result unions of organizations, over HTTP; the last test lists the members that never occurred. */
let system: System;
let db: Db;
beforeAll(async () => {
  // Behind a proxy the proxy names the address, so that each request can come from another one.
  system = await startSystem({ processes: ['api'], env: { TRUST_PROXY: '1' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const attempts = openAttempts(() => system.apiUrl);
const attempt = attempts.attempt.bind(attempts);
const guest = () => signInAsGuest(system.apiUrl);

const organizer = { email: 'organizer@example.org', password: 'correct horse' };
const invited = { email: 'invited@example.org', password: 'correct horse' };

const pricesOf = (eventId: string, sectionId: string) => ({
  eventId,
  ticketTypes: [{ key: 'full', name: 'Full price' }],
  priceLevels: [
    {
      key: 'all',
      name: 'All seats',
      seats: { sectionIds: [sectionId] },
      prices: [{ ticketType: 'full', amountMinor: 5_000 }],
    },
  ],
  fees: [{ name: 'Handling', perBookingMinor: 490, refundable: false }],
  taxes: [],
});

async function signedIn(credentials: typeof organizer) {
  const { session } = await attempt('signUp', { ...credentials, displayName: 'Ann' });
  return fanAt(system.apiUrl, { token: session.accessToken, userId: session.viewer.id });
}

test('organizations: members, invitations and access keys, and who is refused', async () => {
  const member = await signedIn(invited);
  const [owner, fan] = [await signedIn(organizer), await guest()];
  const named = { name: 'Teatro', countryCode: 'CL' };
  expect(await attempt('createOrganization', named, fan)).toMatchObject({ code: 'NOT_ALLOWED' });
  expect(await attempt('createOrganization', { ...named, countryCode: 'XX' }, owner)).toMatchObject({
    code: 'INVALID_INPUT',
    field: 'countryCode',
  });
  const { organization } = await attempt('createOrganization', named, owner);
  expect(organization).toMatchObject({ ...named, viewerRole: 'OWNER' });
  const organizationId = organization.id;

  const invitation = { organizationId, email: invited.email, role: 'READER' };
  expect(await attempt('inviteMember', invitation, fan)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await attempt('inviteMember', { ...invitation, email: '@' }, owner)).toMatchObject({ field: 'email' });
  const made = await attempt('inviteMember', invitation, owner);
  expect(made.invitation).toMatchObject({ email: invited.email, role: 'READER' });
  const { token } = made;
  expect(await attempt('acceptInvitation', { token: 'a\u0000b' }, member)).toMatchObject({ code: 'INVALID_INPUT' });
  expect(await attempt('acceptInvitation', { token }, fan)).toMatchObject({ code: 'NOT_ALLOWED' });
  expect(await attempt('acceptInvitation', { token }, owner)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await attempt('acceptInvitation', { token }, member)).toMatchObject({
    organization: { id: organizationId, viewerRole: 'READER' },
  });

  const key = { organizationId, name: 'till', role: 'BOX_OFFICE' };
  const { accessKey, secret } = await attempt('createAccessKey', key, owner);
  expect(secret).toMatch(/^frk_/);
  const hall = {
    organizationId,
    name: 'Hall',
    city: 'Bern',
    countryCode: 'CH',
    location: { latitude: 46.9, longitude: 7.4 },
    timeZone: 'europe/zurich',
  };
  const { venue } = await attempt('createVenue', hall, owner);
  expect(venue).toMatchObject({ name: 'Hall', address: null, timeZone: 'Europe/Zurich', capacity: 0 });
  for (const [field, value] of Object.entries({ timeZone: '+01:00', countryCode: 'ch', name: ' ', city: 'a\nb' })) {
    expect(await attempt('createVenue', { ...hall, [field]: value }, owner)).toMatchObject({ field });
    expect(await attempt('updateVenue', { venueId: venue.id, [field]: value }, owner)).toMatchObject({ field });
  }
  const away = { latitude: 91, longitude: 0 };
  expect(await attempt('createVenue', { ...hall, location: away }, owner)).toMatchObject({
    field: 'location.latitude',
  });
  const event = await seedEvent(db, { seats: 4, organizerId: owner.userId.replace('User_', '') });
  const prices = pricesOf(`Event_${event.eventId}`, `Section_${event.sectionIds[0]}`);
  expect(await attempt('setPrices', pricesOf(prices.eventId, 'x'), owner)).toMatchObject({
    field: 'priceLevels[0].seats.sectionIds[0]',
  });
  expect(await attempt('setPrices', { ...prices, priceLevels: [] }, owner)).toMatchObject({
    code: 'INVALID_PRICES',
    problems: expect.arrayContaining([{ path: 'priceLevels', message: expect.any(String) }]),
  });
  const which = { organizationId, userId: member.userId };
  const self = { organizationId, userId: owner.userId };
  const asked = {
    inviteMember: { ...invitation, email: 'other@example.org' },
    changeMember: { ...which, role: 'DOOR' },
    removeMember: which,
    createAccessKey: key,
    createVenue: hall,
    updateVenue: { venueId: venue.id, address: 'Bahnhofplatz 1\n3011 Bern' },
    setPrices: prices,
    revokeAccessKey: { accessKeyId: accessKey.id },
  };
  for (const [name, input] of Object.entries(asked) as [keyof typeof asked, object][]) {
    expect(await attempt(name, input, member)).toMatchObject({ code: 'NOT_ALLOWED', retry: { advice: 'NEVER' } });
    expect(await attempt(name, input, fan)).toMatchObject({ code: 'NOT_FOUND' });
    const unknown = Object.fromEntries(
      Object.entries(input).map(([field, value]) => [
        field,
        /^(organization|venue|event|accessKey)Id$/.test(field) ? 'x' : value,
      ]),
    );
    expect(await attempt(name, unknown, owner)).toMatchObject({ code: 'NOT_FOUND' });
  }
  expect(await attempt('createAccessKey', { ...key, name: ' ' }, owner)).toMatchObject({ field: 'name' });
  expect(await attempt('changeMember', { ...self, role: 'READER' }, owner)).toMatchObject({ code: 'LAST_OWNER' });
  expect(await attempt('removeMember', self, owner)).toMatchObject({ code: 'LAST_OWNER', retry: { advice: 'NEVER' } });

  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = db.$client.begin(async (sql) => {
    await sql`select 1 from organizations where id = ${organizationId.replace('Organization_', '')} for update`;
    await sql`select 1 from venues where id = ${venue.id.replace('Venue_', '')} for update`;
    await sql`select 1 from seat_inventories where event_id = ${event.eventId} for update`;
    await sql`select 1 from users where email = ${organizer.email} for update`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const stuck = await Promise.all([
    ...Object.entries(asked).map(([name, input]) => attempt(name as keyof typeof asked, input, owner)),
    attempt('createOrganization', named, owner),
    attempt('acceptInvitation', { token }, owner),
  ]).finally(release.resolve);
  await holding;
  expect(stuck.map(({ code }) => code)).toEqual(Array.from(stuck, () => 'TRY_AGAIN'));

  expect(await attempt('setPrices', prices, owner)).toMatchObject({
    event: { id: prices.eventId, priceFrom: { amountMinor: 5_490, currency: 'USD' } },
  });
  expect(await attempt('updateVenue', asked.updateVenue, owner)).toMatchObject({
    venue: { ...venue, address: asked.updateVenue.address },
  });
  expect(await attempt('updateVenue', { venueId: venue.id, address: null, name: null }, owner)).toMatchObject({
    venue,
  });
  expect(await attempt('changeMember', asked.changeMember, owner)).toMatchObject({ member: { role: 'DOOR' } });
  expect(await attempt('revokeAccessKey', asked.revokeAccessKey, owner)).toMatchObject({
    accessKey: { id: accessKey.id, name: 'till' },
  });
  expect(await attempt('removeMember', which, owner)).toMatchObject({ member: { userId: member.userId } });
});

test.each([
  ['createOrganization', 5],
  ['inviteMember', 30],
  ['acceptInvitation', 30],
  ['changeMember', 30],
  ['removeMember', 30],
  ['createAccessKey', 30],
  ['revokeAccessKey', 30],
  ['createVenue', 30],
  ['updateVenue', 30],
  ['setPrices', 30],
] as const)('%s: %i attempts in a minute are one account’s share', async (name, budget) => {
  const fan = await guest();
  const organizationId = 'Organization_none';
  const inputs = {
    createOrganization: { name: 'x', countryCode: 'CH' },
    inviteMember: { organizationId, email: 'x@example.org', role: 'READER' },
    acceptInvitation: { token: 'x' },
    changeMember: { organizationId, userId: 'x', role: 'READER' },
    removeMember: { organizationId, userId: 'x' },
    createAccessKey: { organizationId, name: 'x', role: 'READER' },
    revokeAccessKey: { accessKeyId: 'x' },
    createVenue: {
      organizationId,
      name: 'x',
      city: 'x',
      countryCode: 'CH',
      location: { latitude: 0, longitude: 0 },
      timeZone: 'Europe/Zurich',
    },
    updateVenue: { venueId: 'x' },
    setPrices: pricesOf('x', 'x'),
  };
  const codes = [];
  for (let n = 0; n <= budget; n++) codes.push((await attempt(name, inputs[name], fan)).code);
  expect(codes.slice(0, budget)).not.toContain('RATE_LIMITED');
  expect(codes[budget]).toBe('RATE_LIMITED');
});

test('every member of these unions was produced', () => {
  const { members, missing } = attempts.coverage(schema, { only: organizationMutations });
  expect(members.length).toBeGreaterThan(30);
  expect(missing).toEqual([]);
});
