import { afterAll, expect, test } from 'vitest';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizationWorld } from '#test/support/organizations/organization-world.ts';
import { type EventStatus, eventStatuses } from './event-status-rules.ts';
import { listEventsOfOrganization, listVenuesOfOrganization } from './organization-catalog-queries.ts';

const world = await openOrganizationWorld();
const { db } = world;
afterAll(() => world.close());

test('lists the events of one organization in each state, also drafts, from either end', async () => {
  const organizerId = await world.user();
  const first = await seedEvent(db, { seats: 2, organizerId, title: 'PUBLISHED' });
  const more = { seats: 2, like: first, organizerId };
  const [draft, cancelled, postponed, ended] = [
    await seedEvent(db, { ...more, title: 'DRAFT', status: 'DRAFT' }),
    await seedEvent(db, { ...more, title: 'CANCELLED', status: 'CANCELLED' }),
    await seedEvent(db, { ...more, title: 'POSTPONED', status: 'POSTPONED' }),
    await seedEvent(db, { ...more, title: 'ENDED', startsInSeconds: -60 }),
  ];
  await seedEvent(db, { seats: 2, like: first, title: 'of another organization' });
  const list = (statuses?: readonly EventStatus[], window: object = {}) =>
    listEventsOfOrganization({ db }, first.organizationId, {
      statuses,
      window: { size: 10, from: 'start', ...window },
    });
  const idsOf = async (listed: ReturnType<typeof list>) => (await listed).items.map(({ event }) => event.id);

  expect(await idsOf(list())).toEqual([first, draft, cancelled, postponed, ended].map(({ eventId }) => eventId));
  for (const status of eventStatuses)
    expect((await list([status])).items.map(({ event }) => event.title)).toEqual([status]);
  expect(await idsOf(list(['DRAFT', 'ENDED']))).toEqual([draft.eventId, ended.eventId]);
  expect((await list([])).items).toEqual([]);

  const page = await list(undefined, { size: 4 });
  expect(page).toMatchObject({ hasMore: true });
  const rest = await list(undefined, { size: 3, after: page.items.at(-1)?.seq });
  expect(rest).toMatchObject({ hasMore: false, items: [{ event: { id: ended.eventId } }] });
  expect(await idsOf(list(undefined, { size: 2, from: 'end' }))).toEqual([postponed.eventId, ended.eventId]);
  const before = rest.items[0]?.seq;
  expect(await idsOf(list(undefined, { size: 2, from: 'end', before }))).toEqual([
    cancelled.eventId,
    postponed.eventId,
  ]);
});

test('lists the venues of one organization, from either end', async () => {
  const organizerId = await world.user();
  const events = [];
  for (let n = 0; n < 3; n++) events.push(await seedEvent(db, { seats: 2, organizerId }));
  await seedEvent(db, { seats: 2 });
  const ids = events.map(({ venueId }) => venueId).sort();
  const organizationId = events[0]?.organizationId ?? '';
  const list = async (window: object) => {
    const { items, hasMore } = await listVenuesOfOrganization({ db }, organizationId, {
      size: 10,
      from: 'start',
      ...window,
    });
    return { ids: items.map(({ id }) => id), hasMore };
  };
  expect(await list({})).toEqual({ ids, hasMore: false });
  expect(await list({ size: 2 })).toEqual({ ids: ids.slice(0, 2), hasMore: true });
  expect(await list({ after: ids[1] })).toEqual({ ids: ids.slice(2), hasMore: false });
  expect(await list({ size: 1, from: 'end', before: ids[2] })).toEqual({ ids: [ids[1]], hasMore: true });
});
