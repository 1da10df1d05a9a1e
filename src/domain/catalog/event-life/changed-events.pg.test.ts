import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { inDays, openEventWorld } from '#test/support/organizations/event-world.ts';
import { pauseSales, resumeSales } from './pause-sales.ts';
import { publishEvent } from './publish-event.ts';
import { rescheduleEvent } from './reschedule-event.ts';
import { updateEvent } from './update-event.ts';

const world = await openEventWorld();
const { box, needs, hall, actor, make, price, published, read, messagesOf, hold } = world;
afterAll(world.close);

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

test('a postponed event sells nothing until it has a date; its tickets can be given back for the promised time', async () => {
  const eventId = await published({ accessibleReleaseAt: new Date('2031-06-10T01:00:00Z') });
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
    ...{ offSaleAt: new Date('2032-01-12T02:00:00Z'), accessibleReleaseAt: new Date('2032-01-10T02:00:00Z') },
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
