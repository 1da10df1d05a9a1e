import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { inTransaction } from '#db/transaction.ts';
import { quoteSeats } from '#domain/booking/quote-seats.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { inDays, openEventWorld } from '#test/support/organizations/event-world.ts';
import { seedUpload } from '#test/support/seating/uploads.ts';
import { findEvents } from '../event-queries.ts';
import { duplicateEvent } from './duplicate-event.ts';
import { publishEvent } from './publish-event.ts';
import { updateEvent } from './update-event.ts';

const world = await openEventWorld();
const { box, needs, hall, actor, make, price, published, read, messagesOf, historyOf, hold } = world;
afterAll(world.close);

test('a draft gets prices and is published; each step is told to members, and to others from then on', async () => {
  const eventId = await make();
  expect(await findEvents(needs, [eventId])).toEqual([undefined]);
  await expect(hold(box, eventId, 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(publishEvent(needs, actor, eventId)).rejects.toMatchObject({
    code: 'EVENT_INCOMPLETE',
    problems: [{ field: 'prices' }],
  });
  await price(eventId);
  await publishEvent(needs, actor, eventId);
  await publishEvent(needs, actor, eventId);
  expect(await read(eventId)).toMatchObject({
    ...{ title: 'Evening', status: 'PUBLISHED', saleStatus: 'ON_SALE', capacity: 12, available: 12, revision: 2 },
    ...{ startsAt: new Date('2031-06-12T01:00:00Z'), doorsAt: new Date('2031-06-12T00:00:00Z'), priceFromMinor: 5_000 },
  });
  expect(await messagesOf(eventId)).toEqual(['EventPublished']);
  const history = await historyOf(eventId);
  expect(history.map(({ operation, role, userId }) => [operation, role, userId])).toEqual(
    ['createEvent', 'setPrices', 'publishEvent'].map((operation) => [operation, 'OWNER', actor.userId]),
  );
  expect([history[2]?.before, history[2]?.after].map((text) => JSON.parse(text ?? ''))).toEqual([
    { status: 'DRAFT' },
    { status: 'PUBLISHED' },
  ]);
});

test('a process that was asked for a draft holds its seats as soon as it is published', async () => {
  const eventId = await make();
  await price(eventId);
  await expect(hold(box, eventId, 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await publishEvent(needs, actor, eventId);
  expect(await hold(box, eventId, 0)).toMatchObject({ booking: { status: 'PENDING_PAYMENT' } });
});

test('the settings of the event decide about holds', async () => {
  const eventId = await published();
  await expect(hold(box, eventId, 0, 1, 2)).rejects.toMatchObject({ code: 'TOO_MANY_SEATS', limit: 2 });
  const lines = hall.seatIds(0, 1, 2).map((seatId) => ({ seatId }));
  await expect(quoteSeats(box, { eventId, lines })).rejects.toMatchObject({ code: 'TOO_MANY_SEATS', limit: 2 });
  const { booking } = await hold(box, eventId, 0, 1);
  expect(booking.holdExpiresAt.getTime() - booking.createdAt.getTime()).toBe(60_000);
  const larger = await published({ seatsPerBooking: 10, seatsPerViewer: 10 });
  expect((await hold(box, larger, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)).booking.status).toBe('PENDING_PAYMENT');
});

test('the same key makes one draft or one series, also at once; another request with it is refused', async () => {
  const ids = await Promise.all([1, 2, 3].map(() => make({ idempotencyKey: 'first' })));
  expect(new Set(ids).size).toBe(1);
  await expect(make({ idempotencyKey: 'first', title: 'Other' })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  const series = { eventId: ids[0] ?? '', startsAt: ['2031-07-11T20:00'], idempotencyKey: 'series' };
  const first = await duplicateEvent(needs, actor, series);
  expect(await duplicateEvent(needs, actor, series)).toEqual(first);
  expect(await make()).not.toBe(await make());
});

test.each([
  ['startsAt', { startsAt: '2031-02-30T20:00' }],
  ['startsAt', { startsAt: '2031-03-09T02:30' }],
  ['doorsAt', { doorsAt: '2031-11-02T01:30' }],
  ['endsAt', { endsAt: 'tomorrow' }],
  ['onSaleAt', { onSaleAt: new Date('9999-01-01T00:00:00Z') }],
  ['currency', { currency: 'XXX' }],
  ['title', { title: ' ' }],
  ['performers', { performers: ['a\nb'] }],
  ['holdSeconds', { holdSeconds: 9 }],
  ['seatsPerBooking', { seatsPerBooking: 101 }],
])('names %s of %j', async (field, changes) => {
  await expect(make(changes)).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
});

test('the venue must belong to the organization, and the plan to the venue', async () => {
  const other = await seedEvent(box.reader, { seats: 3 });
  await expect(make({ venueId: other.venueId })).rejects.toThrow('venue');
  await expect(make({ seatingPlanId: other.planId })).rejects.toThrow('seating plan');
});

test('an event cannot be made with a plan that is not published yet', async () => {
  const draft = await seedEvent(box.reader, { seats: 2, planIsDraft: true, organizerId: hall.organizerId });
  const made = make({ venueId: draft.venueId, seatingPlanId: draft.planId });
  await expect(made).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'seatingPlanId' });
});

test('an event has the image of an upload of its organization, from the draft on, until it is removed', async () => {
  const bytes = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  const image = { bytes, purpose: 'EVENT_IMAGE', contentType: 'image/png' } as const;
  const own = await seedUpload(box.reader, { ...image, organizationId: hall.organizationId });
  const other = await seedEvent(box.reader, { seats: 1 });
  const foreign = await seedUpload(box.reader, { ...image, organizationId: other.organizationId });
  const eventId = await make({ imageUploadId: own });
  expect((await read(eventId)).imageUploadId).toBe(own);
  for (const imageUploadId of [foreign, 'unknown'])
    await expect(updateEvent(needs, actor, { eventId, revision: 1, imageUploadId })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'imageUploadId',
    });
  await expect(make({ imageUploadId: foreign })).rejects.toMatchObject({ field: 'imageUploadId' });
  await updateEvent(needs, actor, { eventId, revision: 1, imageUploadId: null });
  expect(await read(eventId)).toMatchObject({ imageUploadId: null, revision: 2 });
});

test('a series keeps the clock and the prices of its event, over a change of summer time, all or nothing', async () => {
  const eventId = await published();
  const startsAt = ['2031-07-11T20:00', '2031-12-11T20:00'];
  const ids = await duplicateEvent(needs, actor, { eventId, startsAt, idempotencyKey: undefined });
  const copies = await Promise.all(ids.map(read));
  expect(copies.map((copy) => [copy.status, copy.startsAt.toISOString(), copy.doorsAt?.toISOString()])).toEqual([
    ['DRAFT', '2031-07-12T01:00:00.000Z', '2031-07-12T00:00:00.000Z'],
    ['DRAFT', '2031-12-12T02:00:00.000Z', '2031-12-12T01:00:00.000Z'],
  ]);
  expect(copies.map((copy) => [copy.priceFromMinor, copy.available, copy.title])).toEqual([
    [5_000, 12, 'Evening'],
    [5_000, 12, 'Evening'],
  ]);
  await publishEvent(needs, actor, ids[1] ?? '');
  const count = async () => (await box.reader.execute(sql`select count(*)::int as n from events`))[0]?.n;
  const before = await count();
  for (const wrong of [[...startsAt, '2031-03-09T02:30'], [...startsAt, startsAt[0] ?? ''], [], Array(101).fill('x')])
    await expect(
      duplicateEvent(needs, actor, { eventId, startsAt: wrong, idempotencyKey: undefined }),
    ).rejects.toThrow();
  expect(await count()).toBe(before);
});

test('the constraints of the table: only a draft may have a sale that ends before it opens', async () => {
  const eventId = await make({ offSaleAt: inDays(-2) });
  const force = inTransaction(box.reader, 'test', (tx) =>
    tx.execute(sql`update events set status = 'PUBLISHED' where id = ${eventId}`),
  );
  await expect(force).rejects.toThrow();
});
