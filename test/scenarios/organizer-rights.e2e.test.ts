import { randomUUIDv7 } from 'node:crypto';
import { getNamedType, isCompositeType, isObjectType, isUnionType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { ACCESS_KEY_PREFIX, hashOfSecret } from '#domain/organization/access-keys.ts';
import { decideRight, type OrganizerOperation, organizationRoles, rights } from '#domain/organization/rights-rules.ts';
import { schema } from '#schema/index.ts';
import { newCredentials, openSession, signUp } from '#test/fans/accounts.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { transports } from '#test/fans/transports.ts';
import { seedCancellation, seedPreview } from '#test/support/cancellation/seed-cancellation.ts';
import { seedEvent, seedMember, seedOrganization, seedUser } from '#test/support/databases/catalog.ts';
import { neededArguments, rootFieldsOf } from '#test/support/http/schema-ownership.ts';
import { enterCapture } from '#test/support/organizations/payouts.ts';
import { type Outcome, outcomeOf, requests, type Scene } from '#test/support/organizations/rights-cells.ts';
import { seedSoldBooking } from '#test/support/organizations/seed-sold-booking.ts';
import { seedUpload } from '#test/support/seating/uploads.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

const operations = Object.keys(rights) as OrganizerOperation[];
/** They need an account and no role, so they are not in the table. */
const withoutRole = ['Mutation.createOrganization', 'Mutation.acceptInvitation'];

type Caller = {
  readonly who: string;
  readonly token: string | undefined;
  outcome(operation: OrganizerOperation): Outcome;
};

let system: System;
let db: Db;
let plan: Awaited<ReturnType<typeof seedEvent>>;
let cancelled: Awaited<ReturnType<typeof seedEvent>>;
let organizationId: string;
let callers: Caller[];

beforeAll(async () => {
  system = await startSystem({ processes: ['api', 'payments'], env: { RATE_LIMITS: 'off' } });
  db = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test' });
  plan = await seedEvent(db, { seats: 4 });
  cancelled = await seedEvent(db, { seats: 4, like: plan, organizerId: plan.organizerId });
  await seedCancellation(db, cancelled.eventId);
  organizationId = plan.organizationId;
  // So that there is something to pay out.
  await enterCapture(system.paymentsUrl, organizationId, 100_000);
  callers = await makeCallers();
}, 120_000);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

/** As the request of a cell names a new key. */
const OF_A_CELL = 'of a cell';

const account = async () => openSession(system.apiUrl, await signUp(system.apiUrl, newCredentials()));

async function keyOf(
  of: string,
  role: (typeof organizationRoles)[number],
  more: { revoked?: boolean; name?: string } = {},
) {
  const [id, secret] = [randomUUIDv7(), `${ACCESS_KEY_PREFIX}${randomUUIDv7()}`];
  await db.$client`
    insert into access_keys (id, organization_id, name, role, secret_hash, created_by, revoked_at)
    values (${id}, ${of}, ${more.name ?? role}, ${role}, ${hashOfSecret(secret)}, ${plan.organizerId}, ${more.revoked ? new Date().toISOString() : null})`;
  return { id, secret };
}

async function makeCallers(): Promise<Caller[]> {
  const decided = (standing: Parameters<typeof decideRight>[1]) => (operation: OrganizerOperation) => {
    const right = decideRight(operation, standing);
    return 'admittedAs' in right ? 'ADMITTED' : right.refusal;
  };
  const nothing = { role: undefined, isAdmin: false, isAccessKey: false };
  const made: Caller[] = [];
  const elsewhere = await seedOrganization(db, (await seedUser(db)).userId);
  for (const role of organizationRoles) {
    const member = await account();
    await seedMember(db, { organizationId, userId: member.userId, role });
    made.push({ who: role, token: member.accessToken, outcome: decided({ ...nothing, role }) });
    const other = await account();
    await seedMember(db, { organizationId: elsewhere, userId: other.userId, role });
    made.push({ who: `${role} of another organization`, token: other.accessToken, outcome: () => 'NOT_FOUND' });
    const [own, foreign, revoked] = [
      await keyOf(organizationId, role),
      await keyOf(elsewhere, role),
      await keyOf(organizationId, role, { revoked: true }),
    ];
    const isKey = { ...nothing, role, isAccessKey: true };
    made.push({ who: `access key ${role}`, token: own.secret, outcome: decided(isKey) });
    made.push({ who: `access key ${role} of another`, token: foreign.secret, outcome: () => 'NOT_FOUND' });
    made.push({ who: `revoked access key ${role}`, token: revoked.secret, outcome: () => 'UNAUTHENTICATED' });
  }
  const [former, admin] = [await account(), await account()];
  await seedMember(db, { organizationId, userId: former.userId, role: 'OWNER' });
  await db.$client`delete from organization_members where user_id = ${former.userId}`;
  await db.$client`update users set role = 'ADMIN' where id = ${admin.userId}`;
  made.push(
    { who: 'a former owner', token: former.accessToken, outcome: () => 'NOT_FOUND' },
    { who: 'an admin', token: admin.accessToken, outcome: decided({ ...nothing, isAdmin: true }) },
    { who: 'a fan', token: (await account()).accessToken, outcome: () => 'NOT_FOUND' },
    { who: 'a guest', token: (await signInAsGuest(system.apiUrl)).token, outcome: () => 'NOT_FOUND' },
    { who: 'no token', token: undefined, outcome: withoutToken },
  );
  return made;
}

/** Without a token an object is not there, as for every other caller; an organizer's operation asks for a token. */
const withoutToken = (operation: OrganizerOperation): Outcome =>
  operation === 'Query.node' || /^(Organization|Event)\./.test(operation) ? 'NOT_FOUND' : 'UNAUTHENTICATED';

/** What the caller may change must not be gone before the cell is asked. */
async function newScene(): Promise<Scene> {
  // An organization may have 50 keys and 20 unused uploads.
  await db.$client`delete from access_keys where name = ${OF_A_CELL}`;
  await db.$client`delete from uploads where used_at is null`;
  const { userId } = await seedUser(db);
  await seedMember(db, { organizationId, userId, role: 'READER' });
  const event = await seedEvent(db, { seats: 4, like: plan, organizerId: plan.organizerId });
  await seedRoom(db, event.eventId, { paused: true });
  const { id } = await keyOf(organizationId, 'READER', { name: OF_A_CELL });
  const draft = await seedEvent(db, { seats: 1, status: 'DRAFT', organizerId: plan.organizerId, planIsDraft: true });
  const uploadId = await seedUpload(db, { organizationId, bytes: 'section,row,seat\n1,1,1\n' });
  return {
    organizationId: `Organization_${organizationId}`,
    uploadId: `Upload_${uploadId}`,
    draftPlanId: `SeatingPlan_${draft.planId}`,
    eventId: `Event_${event.eventId}`,
    cancelledEventId: `Event_${cancelled.eventId}`,
    previewToken: await seedPreview(db, event.eventId),
    otherUserId: `User_${userId}`,
    accessKeyId: `AccessKey_${id}`,
    venueId: `Venue_${plan.venueId}`,
    seatingPlanId: `SeatingPlan_${plan.planId}`,
    freeSeatId: `Seat_${plan.planId}_0`,
    soldBookingId: `Booking_${await seedSoldBooking(db, event.eventId)}`,
    sectionIds: plan.sectionIds.map((id) => `Section_${id}`),
    email: `${userId}-invited@example.org`,
  };
}

test('every organizer operation of the schema is in the table of rights, and the other way round', () => {
  const refusesByRole = rootFieldsOf(schema)
    .filter(({ field }) => {
      const type = getNamedType(field.type);
      return isUnionType(type) && type.getTypes().some(({ name }) => name === 'NotAllowed');
    })
    .map(({ coordinate }) => coordinate);
  const mutations = operations.filter((operation) => operation.startsWith('Mutation.'));
  expect(refusesByRole.sort()).toEqual([...mutations, ...withoutRole].sort());
  for (const operation of operations) {
    const [type = '', field = ''] = operation.split('.');
    const found = schema.getType(type);
    expect(found && 'getFields' in found && field in found.getFields(), operation).toBe(true);
  }
});

/** A plain request has one response, so HTTP refuses a subscription once it knows the token. */
function expectedOver(transport: string, operation: OrganizerOperation, { token, outcome }: Caller): Outcome {
  const wanted = outcome(operation);
  const isCarried = transport !== 'HTTP' || !operation.startsWith('Subscription.');
  return isCarried || (token !== undefined && wanted === 'UNAUTHENTICATED') ? wanted : 'NOT_CARRIED';
}

test('each operation admits exactly the callers of the table, over each transport', { timeout: 600_000 }, async () => {
  const cells = Object.entries(transports).flatMap(([transport, ask]) =>
    operations.flatMap((operation) => callers.map((caller) => ({ transport, ask, operation, caller }))),
  );
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  let scene: Scene | undefined;
  for (const { transport, ask, operation, caller } of cells) {
    scene ??= await newScene();
    const { query, variables } = requests[operation];
    const asked = { query, variables: variables(scene), token: caller.token };
    const found = outcomeOf(operation, (await ask(system.apiUrl, asked)).meaning);
    // Only a mutation that is admitted changes the scene.
    if (found === 'ADMITTED' && operation.startsWith('Mutation.')) scene = undefined;
    const expected = expectedOver(transport, operation, caller);
    counts[`${transport} ${expected}`] = (counts[`${transport} ${expected}`] ?? 0) + 1;
    if (found !== expected)
      violations.push(`${operation} as ${caller.who} over ${transport}: ${expected}, but ${found}`);
  }
  console.log(
    `cells: ${cells.length} (${operations.length} operations x ${callers.length} callers x 3 transports), violations: ${violations.length}`,
    counts,
  );
  expect(violations).toEqual([]);
});

/** What all callers see of the organization of an event. */
const ofAll = ['id', 'name', 'countryCode', 'viewerRole'];

test('at an event only members see more of its organization than its name and country', async () => {
  const type = schema.getType('Organization');
  const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
  const asked = async ({ who }: Pick<Caller, 'who'>, selection: string) => {
    const { token } = callers.find((caller) => caller.who === who) ?? {};
    const query = `query ($id: ID!) { event(id: $id) { organization { ${selection} } } }`;
    const variables = { id: `Event_${plan.eventId}` };
    return (await transports.HTTP(system.apiUrl, { query, variables, token })).meaning;
  };
  const strangers = ['OWNER of another organization', 'access key OWNER of another', 'a fan', 'a guest', 'no token'];
  for (const who of strangers) {
    const shown = await asked({ who }, ofAll.join(' '));
    expect(shown, who).toContain(`"id":"Organization_${organizationId}"`);
    expect(shown, who).toContain('"viewerRole":null');
  }
  const guarded = fields.filter(({ name }) => !ofAll.includes(name));
  expect(guarded.length).toBeGreaterThan(4);
  for (const { name, type: of } of guarded) {
    const called = `${name}${neededArguments[`Organization.${name}`] ?? ''}`;
    const selection = isCompositeType(getNamedType(of)) ? `${called} { __typename }` : called;
    for (const who of strangers)
      expect(await asked({ who }, selection), `${name} as ${who}`).toMatch(
        who === 'no token' ? /"code":"UNAUTHENTICATED"/ : /There is no such organization/,
      );
    expect(await asked({ who: 'OWNER' }, selection), name).not.toContain('"errors"');
  }
});

test('createOrganization and acceptInvitation need an account, over each transport', async () => {
  const documents = {
    createOrganization: { name: 'Hall', countryCode: 'CH' },
    acceptInvitation: { token: 'unknown' },
  };
  const expected: Record<string, [string, string]> = {
    'a fan': ['CreateOrganizationSuccess', 'NOT_FOUND'],
    'a guest': ['NOT_ALLOWED', 'NOT_ALLOWED'],
    'access key OWNER': ['NOT_ALLOWED', 'NOT_ALLOWED'],
    'revoked access key OWNER': ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
    'no token': ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
  };
  for (const [name, ask] of Object.entries(transports))
    for (const { who, token } of callers.filter((caller) => caller.who in expected))
      for (const [index, [field, input]] of Object.entries(documents).entries()) {
        const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
        const query = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ... on Refusal { code } } }`;
        const { meaning } = await ask(system.apiUrl, { query, variables: { input }, token });
        expect(meaning, `${field} as ${who} over ${name}`).toContain(expected[who]?.[index]);
      }
});

test('an access key is no fan: it neither holds seats nor sees a viewer', async () => {
  const { token } = callers.find(({ who }) => who === 'access key OWNER') ?? {};
  const input = { eventId: `Event_${plan.eventId}`, seatIds: [`Seat_${plan.seatId(0)}`], idempotencyKey: 'key' };
  const query = 'mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename } }';
  for (const ask of Object.values(transports)) {
    expect((await ask(system.apiUrl, { query, variables: { input }, token })).meaning).toContain('UNAUTHENTICATED');
    const viewer = await ask(system.apiUrl, { query: '{ viewer { id } }', variables: {}, token });
    expect(viewer.meaning).toContain('"viewer":null');
  }
});
