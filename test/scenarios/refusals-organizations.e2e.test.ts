import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import { fanAt, signInAsGuest } from '#test/fans/fan.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openAttempts, organizationMutations } from '#test/support/http/attempts.ts';
import { sellAndBeRefused } from '#test/support/organizations/box-office-sales.ts';
import { budgets } from '#test/support/organizations/budgets.ts';
import { changesOf, inputsAboutUnknown, payoutOf, pricesOf } from '#test/support/organizations/change-inputs.ts';
import { lockPayouts, payOutAndBeRefused } from '#test/support/organizations/payouts.ts';
import { cancelAndBeRefused } from '#test/support/organizations/refused-cancellations.ts';
import { refundAndBeRefused, soldToRefund } from '#test/support/organizations/refused-refunds.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/** Every member of the result unions of organizations, over HTTP; the last test lists the members that never occurred. */
let system: System;
let db: Db;
beforeAll(async () => {
  // Behind a proxy the proxy names the address, so that each request can come from another one.
  system = await startSystem({ processes: ['api', 'payments'], env: { TRUST_PROXY: '1' } });
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
  const file = 'section,row,seat\nA,1,1\n';
  const place = { organizationId, purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: file.length };
  expect(await attempt('createUpload', { ...place, bytes: 0 }, owner)).toMatchObject({ field: 'bytes' });
  const { upload } = await attempt('createUpload', place, owner);
  const plan = { venueId: venue.id, uploadId: upload.id, format: 'CSV', name: 'Plan' };
  expect(await attempt('importSeatingPlan', plan, owner)).toMatchObject({ code: 'INVALID_INPUT', field: 'uploadId' });
  const sent = { method: 'PUT', body: file, headers: { 'content-type': 'text/csv' } };
  expect((await fetch(new URL(upload.url, system.apiUrl), sent)).status).toBe(200);
  expect(await attempt('importSeatingPlan', { ...plan, format: 'PRETIX' }, owner)).toMatchObject({
    code: 'INVALID_SEATING_PLAN',
    problems: [{ path: 'the file', message: expect.stringContaining('not JSON') }],
  });
  const draft = await seedEvent(db, { seats: 4, planIsDraft: true, organizerId: owner.userId.replace('User_', '') });
  const seats = { seatIds: event.seatIds(2, 3).map((id) => `Seat_${id}`) };
  const house = { eventId: prices.eventId, seats, allocation: 'house' };
  const codes = { eventId: prices.eventId, count: 2, discountPercent: '10' };
  expect(await attempt('setAllocation', { ...house, seats: {} }, owner)).toMatchObject({ field: 'seats' });
  expect(await attempt('createCodes', { ...codes, opens: ['x'] }, owner)).toMatchObject({ field: 'opens[0]' });
  const taken = { seatIds: [`Seat_${event.seatId(0)}`], idempotencyKey: 'k', eventId: prices.eventId };
  await attempt('createBooking', taken, fan);
  expect(
    await attempt('setAllocation', { ...house, seats: { sectionIds: [`Section_${event.sectionIds[0]}`] } }, owner),
  ).toMatchObject({
    code: 'SEATS_UNAVAILABLE',
    seats: [{ id: taken.seatIds[0] }],
  });
  const sold = await soldToRefund({ db, owner });
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
    ...changesOf(event, organizationId),
    createUpload: place,
    importSeatingPlan: plan,
    publishSeatingPlan: { seatingPlanId: `SeatingPlan_${draft.planId}` },
    setAllocation: house,
    createCodes: codes,
    sellAtBoxOffice: {
      ...{
        eventId: prices.eventId,
        lines: [{ seatId: `Seat_${event.seatId(1)}` }],
        tender: 'CASH',
        idempotencyKey: 'k',
      },
    },
    recordPayout: payoutOf(organizationId),
    revokeAccessKey: { accessKeyId: accessKey.id },
  };
  const { refund: refundTickets } = sold;
  for (const [name, input] of Object.entries({ ...asked, refundTickets }) as [keyof typeof asked, object][]) {
    expect(await attempt(name, input, member)).toMatchObject({ code: 'NOT_ALLOWED', retry: { advice: 'NEVER' } });
    expect(await attempt(name, input, fan)).toMatchObject({ code: 'NOT_FOUND' });
    const unknown = Object.fromEntries(
      Object.entries(input).map(([field, value]) => [
        field,
        /^(organization|venue|event|booking|accessKey|upload|seatingPlan)Id$/.test(field) ? 'x' : value,
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
    await sql`select 1 from venues where id = ${draft.venueId} for update`;
    await sql`select 1 from seat_inventories where event_id in ${sql([event.eventId, sold.event.eventId])} for update`;
    await sql`select 1 from users where email = ${organizer.email} for update`;
    // Codes and previews need no lock of the event.
    await sql`lock table codes`;
    await sql`lock table event_cancellation_previews`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const books = await lockPayouts(system.paymentsUrl, organizationId);
  const requests = [
    ...Object.entries(asked),
    ...Object.entries({ createOrganization: named, acceptInvitation: { token }, refundTickets }),
  ] as [keyof typeof asked, object][];
  const stuck: Json[] = [];
  // Each waits on a connection of its own, of which the process has few.
  for (let from = 0; from < requests.length; from += 6) {
    const some = requests.slice(from, from + 6).map(([name, input]) => attempt(name, input, owner));
    stuck.push(...(await Promise.all(some).catch((error) => Promise.reject(error).finally(release.resolve))));
  }
  release.resolve();
  await Promise.all([holding, books.release()]);
  expect(stuck.map(({ code }) => code)).toEqual(Array.from(stuck, () => 'TRY_AGAIN'));

  expect(await attempt('setAllocation', house, owner)).toMatchObject({
    // The request that was told to try again may have changed them.
    changed: expect.any(Number),
    event: { allocations: [{ name: 'house', seats: 2, available: 2, reason: null, releaseAt: null }] },
  });
  await refundAndBeRefused({ db, owner, attempt }, sold.refund);
  expect((await attempt('createCodes', codes, owner)).codes).toHaveLength(2);
  expect(await attempt('setPrices', prices, owner)).toMatchObject({
    event: { id: prices.eventId, priceFrom: { amountMinor: 5_490, currency: 'USD' } },
  });
  expect(await attempt('createUpload', place, owner)).toMatchObject({ upload: { id: expect.any(String) } });
  expect(await attempt('importSeatingPlan', plan, owner)).toMatchObject({
    seatingPlan: { seatCount: 1 },
    warnings: [],
  });
  expect(await attempt('publishSeatingPlan', asked.publishSeatingPlan, owner)).toMatchObject({
    seatingPlan: { status: 'PUBLISHED' },
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

test('events: from a draft to a series, and what is refused on the way', async () => {
  const owner = await signedIn({ email: 'events@example.org', password: 'correct horse' });
  const { organization } = await attempt('createOrganization', { name: 'Teatro', countryCode: 'CL' }, owner);
  const seeded = await seedEvent(db, { seats: 4, organizerId: owner.userId.replace('User_', '') });
  const asked = changesOf(seeded, organization.id);
  const ask = (name: keyof typeof asked, changes: object = {}) => attempt(name, { ...asked[name], ...changes }, owner);
  for (const [field, value] of Object.entries({ startsAt: '2031-03-09T02:30', currency: 'XXX', holdSeconds: 1 }))
    expect(await ask('createEvent', { [field]: value })).toMatchObject({ code: 'INVALID_INPUT', field });
  const { event } = await ask('createEvent');
  expect(event).toMatchObject({ status: 'DRAFT', revision: 1, holdSeconds: 300, startsAt: '2031-06-12T01:00:00.000Z' });
  expect(await ask('createEvent')).toMatchObject({ event: { id: event.id } });
  expect(await ask('createEvent', { title: 'Other' })).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  const draft = { eventId: event.id };
  for (const name of [
    'pauseSales',
    'resumeSales',
    'rescheduleEvent',
    'previewEventCancellation',
    'cancelEvent',
  ] as const)
    expect(await ask(name, draft)).toMatchObject({ code: 'INVALID_INPUT', field: 'eventId' });
  expect(await ask('publishEvent', draft)).toMatchObject({
    code: 'EVENT_INCOMPLETE',
    problems: [{ field: 'prices', message: expect.any(String) }],
  });
  expect(await ask('updateEvent', { ...draft, performers: ['a\nb'] })).toMatchObject({ field: 'performers' });
  expect(await ask('updateEvent', draft)).toMatchObject({ event: { title: 'Night', revision: 2 } });
  expect(await ask('updateEvent', { ...draft, title: 'Day' })).toMatchObject({
    code: 'EVENT_CHANGED',
    event: { id: event.id, title: 'Night', revision: 2 },
  });
  const prices = pricesOf(event.id, `Section_${seeded.sectionIds[0]}`);
  expect(await attempt('setPrices', prices, owner)).toMatchObject({ event: { id: event.id } });
  expect(await ask('publishEvent', draft)).toMatchObject({ event: { status: 'PUBLISHED' } });
  expect(await ask('pauseSales', draft)).toMatchObject({ event: { salesPaused: true } });
  expect(await ask('resumeSales', draft)).toMatchObject({ event: { salesPaused: false } });
  expect(await ask('rescheduleEvent', draft)).toMatchObject({ event: { status: 'POSTPONED' } });
  expect(await ask('publishEvent', draft)).toMatchObject({ code: 'INVALID_INPUT', field: 'eventId' });
  expect(await ask('duplicateEvent', { startsAt: ['2031-02-30T20:00'] })).toMatchObject({ field: 'startsAt[0]' });
  expect(await ask('duplicateEvent', draft)).toMatchObject({ events: [{ status: 'DRAFT', title: 'Night' }] });
  expect(await ask('duplicateEvent')).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await cancelAndBeRefused({ ask, event: draft, revision: 6 });
});

test('payouts: the statement before and after, and what is refused', async () => {
  const owner = await signedIn({ email: 'finance@example.org', password: 'correct horse' });
  const { organization } = await attempt('createOrganization', { name: 'Teatro', countryCode: 'CL' }, owner);
  await payOutAndBeRefused({ system, owner, organizationId: organization.id, attempt });
});

test('the box office: a sale, what is refused, and who sees it', async () => {
  const owner = await signedIn({ email: 'till@example.org', password: 'correct horse' });
  await sellAndBeRefused({ db, owner, stranger: await guest(), apiUrl: system.apiUrl, attempt });
});

test.each(budgets)('%s: %i attempts in a minute are one account’s share', async (name, budget) => {
  const fan = await guest();
  const inputs = inputsAboutUnknown('Organization_none');
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
