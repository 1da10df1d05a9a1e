import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '#db/transaction.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { quoteSeats } from '#domain/booking/quote-seats.ts';
import { openRights } from '#domain/organization/rights.ts';
import { type Box, openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { findEvents, findEventsOfMembers } from '../event-queries.ts';
import { setEventPrices } from '../set-event-prices.ts';
import { createEvent, type NewEvent } from './create-event.ts';
import { duplicateEvent } from './duplicate-event.ts';
import { listChangesOfEvent } from './event-history-queries.ts';
import { pauseSales, resumeSales } from './pause-sales.ts';
import { publishEvent } from './publish-event.ts';
import { rescheduleEvent } from './reschedule-event.ts';
import { updateEvent } from './update-event.ts';

let box: Box;
let needs: Box & { rights: ReturnType<typeof openRights> };
let hall: SeededEvent;
let actor: { userId: string };
/** The hall is in Chicago. */
const DAY = 86_400_000;
const inDays = (days: number) => new Date(Math.floor(Date.now() / 60_000) * 60_000 + days * DAY);

beforeAll(async () => {
  box = await openBox();
  const pubsub = { subscribe: async () => () => {}, publish: async () => {} } as never;
  needs = { ...box, rights: openRights({ db: box.db, pubsub }) };
  hall = await seedEvent(box.reader, { seats: 12, sections: 2 });
  actor = { userId: hall.organizerId };
});
afterAll(async () => {
  needs.rights.close();
  await box.close();
});

const input = (changes: Partial<NewEvent> = {}): NewEvent => ({
  organizationId: hall.organizationId,
  ...{ venueId: hall.venueId, seatingPlanId: hall.planId, title: ' Evening ', description: '', category: 'CONCERT' },
  ...{ performers: ['The Band'], startsAt: '2031-06-11T20:00', endsAt: null, doorsAt: '2031-06-11T19:00' },
  ...{ onSaleAt: inDays(-1), offSaleAt: new Date('2031-06-12T01:00:00Z'), currency: 'USD', holdSeconds: 60 },
  ...{ cancellableUntil: null, seatsPerBooking: 2, seatsPerViewer: 3, orphanPolicy: 'LENIENT' },
  idempotencyKey: undefined,
  ...changes,
});
const make = (changes: Partial<NewEvent> = {}) => createEvent(needs, actor, input(changes));
const price = (eventId: string) =>
  setEventPrices(needs, actor, {
    eventId,
    ticketTypes: [{ key: 'full', name: 'Full price' }],
    priceLevels: [
      {
        ...{ key: 'all', name: 'All', prices: [{ ticketType: 'full', amountMinor: 5_000 }] },
        seats: { sectionIds: [...hall.sectionIds] },
      },
    ],
    fees: [],
    taxes: [],
  });
async function published(changes: Partial<NewEvent> = {}): Promise<string> {
  const eventId = await make(changes);
  await price(eventId);
  await publishEvent(needs, actor, eventId);
  return eventId;
}
const read = async (eventId: string) => {
  const [event] = await findEventsOfMembers(needs, [eventId]);
  if (!event) throw new Error('gone');
  return event;
};
const messagesOf = async (eventId: string) =>
  (
    await box.reader.execute<{ type: string }>(sql`select type from outbox where aggregateid = ${eventId} order by id`)
  ).map(({ type }) => type);
const historyOf = async (eventId: string) => {
  const window = { size: 50, from: 'end', after: undefined, before: undefined } as const;
  const { items } = await listChangesOfEvent(needs, { eventId, organizationId: hall.organizationId }, window);
  return items.toReversed();
};
const hold = (process: Pick<Box, 'writer' | 'seatLocks' | 'lostRaces'>, eventId: string, ...seatNos: number[]) =>
  createBooking(process, someViewer(), {
    eventId,
    seatIds: hall.seatIds(...seatNos),
    idempotencyKey: `${eventId} ${seatNos.join()}`,
  });

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

test('a save with an old revision is refused; a repeated one finds its values', async () => {
  const eventId = await make();
  const save = (title: string, revision: number) => updateEvent(needs, actor, { eventId, revision, title });
  await save('One', 1);
  await save('One', 1);
  await expect(save('Two', 1)).rejects.toMatchObject({ code: 'EVENT_CHANGED', eventId });
  await save('Two', 2);
  expect(await read(eventId)).toMatchObject({ title: 'Two', revision: 3 });
  expect(await messagesOf(eventId)).toEqual([]);
});

test('a draft loses its prices with its currency and takes the seats of another plan of its venue', async () => {
  const eventId = await make();
  await price(eventId);
  await updateEvent(needs, actor, { eventId, revision: 1, currency: 'CHF' });
  expect(await read(eventId)).toMatchObject({ currency: 'CHF', priceFromMinor: undefined });
  const other = await seedEvent(box.reader, { seats: 5, organizerId: hall.organizerId });
  await updateEvent(needs, actor, { eventId, revision: 2, venueId: other.venueId, seatingPlanId: other.planId });
  expect(await read(eventId)).toMatchObject({ capacity: 5, available: 5 });
});

test('what fans were promised stays, by name; other changes of a published event reach its watchers', async () => {
  const cancellableUntil = inDays(5);
  const eventId = await published({ cancellableUntil });
  const save = (changes: object) => updateEvent(needs, actor, { eventId, revision: 2, ...changes });
  const refused: Record<string, object> = {
    venueId: { venueId: (await seedEvent(box.reader, { seats: 1, organizerId: hall.organizerId })).venueId },
    currency: { currency: 'EUR' },
    startsAt: { startsAt: '2031-06-11T21:00' },
    onSaleAt: { onSaleAt: inDays(1) },
    offSaleAt: { offSaleAt: inDays(-2) },
    cancellableUntil: { cancellableUntil: inDays(4) },
    doorsAt: { doorsAt: '2031-06-11T20:30' },
    seatsPerViewer: { seatsPerViewer: 1 },
  };
  for (const [field, changes] of Object.entries(refused)) {
    if (field === 'venueId') continue;
    await expect(save(changes), field).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
  }
  await expect(save({ ...refused.venueId })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await save({ cancellableUntil: inDays(6), doorsAt: null, holdSeconds: 30 });
  expect(await read(eventId)).toMatchObject({ doorsAt: null, holdSeconds: 30, revision: 3 });
  expect(await messagesOf(eventId)).toEqual(['EventPublished', 'EventChanged']);
});

test('a plan that is not published yet keeps its event from being published', async () => {
  const eventId = await make();
  await price(eventId);
  await box.reader.execute(sql`alter table seating_plans alter column published_at drop not null`);
  await box.reader.execute(sql`update seating_plans set published_at = null where id = ${hall.planId}`);
  await expect(publishEvent(needs, actor, eventId)).rejects.toMatchObject({ problems: [{ field: 'seatingPlanId' }] });
  await box.reader.execute(sql`update seating_plans set published_at = now() where id = ${hall.planId}`);
  await publishEvent(needs, actor, eventId);
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

test('a postponed event sells nothing until it has a date; its tickets can be given back for the promised time', async () => {
  const eventId = await published();
  const start = (await read(eventId)).startsAt;
  const move = (startsAt: string | null | undefined, refundUntil: Date | null = null) =>
    rescheduleEvent(needs, actor, { eventId, startsAt, refundUntil });
  await expect(move(undefined)).rejects.toMatchObject({ field: 'startsAt' });
  const refundUntil = inDays(14);
  await move(null, refundUntil);
  await move(null, refundUntil);
  const postponed = { status: 'POSTPONED', saleStatus: 'SCHEDULED', previousStartsAt: start, revision: 3 };
  expect(await read(eventId)).toMatchObject({ ...postponed, refundUntil, cancellableUntil: refundUntil });
  await expect(hold(box, eventId, 0)).rejects.toMatchObject({
    code: 'EVENT_NOT_ON_SALE',
    retry: { advice: 'AFTER', afterSeconds: 300 },
  });
  await expect(move('2020-01-01T20:00')).rejects.toMatchObject({ field: 'startsAt' });
  await expect(move('2032-01-11T20:00', inDays(13))).rejects.toMatchObject({ field: 'refundUntil' });
  await move('2032-01-11T20:00');
  await move('2032-01-11T20:00');
  expect(await read(eventId)).toMatchObject({
    ...{ status: 'PUBLISHED', saleStatus: 'ON_SALE', previousStartsAt: start, revision: 4, refundUntil },
    ...{ startsAt: new Date('2032-01-12T02:00:00Z'), doorsAt: new Date('2032-01-12T01:00:00Z') },
    offSaleAt: new Date('2032-01-12T02:00:00Z'),
  });
  expect((await hold(box, eventId, 0)).booking.status).toBe('PENDING_PAYMENT');
});

test('after pauseSales has returned no process makes a hold, and resumeSales lets the sale go on', async () => {
  const eventId = await published();
  const other = box.process();
  let pausedAt = Number.POSITIVE_INFINITY;
  const late: string[] = [];
  const buy = async (process: Parameters<typeof hold>[0], seatNo: number) => {
    const askedAt = performance.now();
    const outcome = await hold(process, eventId, seatNo).then(
      () => 'held',
      (error: { code: string }) => error.code,
    );
    // A hold that was asked for before the pause may be part of it; one that was asked for later may not.
    if (outcome === 'held' && askedAt > pausedAt) late.push(`seat ${seatNo}`);
    return outcome;
  };
  const rush = (from: number) =>
    [box, other].flatMap((process, n) => [0, 1].map((i) => buy(process, from + 2 * n + i)));
  const first = rush(0);
  const pausing = pauseSales(needs, actor, eventId).then(() => {
    pausedAt = performance.now();
  });
  const racing = rush(4);
  await pausing;
  const held = async () =>
    (await box.reader.execute(sql`select held from seat_inventories where event_id = ${eventId}`))[0]?.held;
  const atPause = await held();
  const outcomes = await Promise.all([...first, ...racing, ...rush(8)]);
  expect(outcomes.slice(8)).toEqual(Array(4).fill('EVENT_NOT_ON_SALE'));
  expect(late).toEqual([]);
  expect(await held()).toBe(atPause);
  expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(Number(atPause));
  expect(await read(eventId)).toMatchObject({ salesPaused: true, saleStatus: 'SCHEDULED' });
  await pauseSales(needs, actor, eventId);
  await resumeSales(needs, actor, eventId);
  expect(await buy(other, 11)).toBe('held');
  expect(await messagesOf(eventId)).toEqual(expect.arrayContaining(['EventPublished', 'EventChanged', 'EventChanged']));
});

test('a draft, a cancelled event and one that is over refuse what they cannot do', async () => {
  const draft = await make();
  await expect(pauseSales(needs, actor, draft)).rejects.toMatchObject({ field: 'eventId' });
  await expect(rescheduleEvent(needs, actor, { eventId: draft, startsAt: null, refundUntil: null })).rejects.toThrow();
  const over = await seedEvent(box.reader, {
    seats: 1,
    like: hall,
    organizerId: hall.organizerId,
    startsInSeconds: -60,
  });
  const gone = await seedEvent(box.reader, {
    seats: 1,
    like: hall,
    organizerId: hall.organizerId,
    status: 'CANCELLED',
  });
  for (const { eventId } of [over, gone]) {
    const move = { eventId, startsAt: '2032-01-11T20:00', refundUntil: null };
    await expect(rescheduleEvent(needs, actor, move)).rejects.toMatchObject({ field: 'eventId' });
    await expect(updateEvent(needs, actor, { eventId, revision: 1, title: 'x' })).rejects.toMatchObject({
      field: 'eventId',
    });
  }
  await expect(publishEvent(needs, actor, gone.eventId)).rejects.toMatchObject({ field: 'eventId' });
});

test('the constraints of the table: only a draft may have a sale that ends before it opens', async () => {
  const eventId = await make({ offSaleAt: inDays(-2) });
  const force = inTransaction(box.reader, 'test', (tx) =>
    tx.execute(sql`update events set status = 'PUBLISHED' where id = ${eventId}`),
  );
  await expect(force).rejects.toThrow();
});
