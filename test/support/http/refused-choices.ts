import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Db } from '#db/client.ts';
import { seatFlags } from '#domain/catalog/seat-features-rules.ts';
import type { Fan } from '#test/fans/fan.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import type { openAttempts } from './attempts.ts';

type Needs = { readonly db: Db; readonly fan: Fan; readonly attempt: ReturnType<typeof openAttempts>['attempt'] };

/** Choices that `createBooking` refuses: a code that is not valid, a single seat, a companion seat alone, a full area. */
export async function chooseWhatIsRefused({ db, fan, attempt }: Needs): Promise<void> {
  const hold = (of: SeededEvent, input: object) =>
    attempt('createBooking', { eventId: `Event_${of.eventId}`, idempotencyKey: randomUUID(), ...input }, fan);
  const seats = (of: SeededEvent, ...seatNos: number[]) => ({
    seatIds: of.seatIds(...seatNos).map((id) => `Seat_${id}`),
  });
  const { accessible, companion } = seatFlags;
  const strict = await seedEvent(db, { seats: 8, orphanPolicy: 'STRICT' });
  const hall = await seedEvent(db, { seats: 8, sections: 2, standing: true, flags: [accessible, companion] });
  expect(await hold(strict, { ...seats(strict, 0, 1), codes: ['nonsense'] })).toMatchObject({
    code: 'CODE_INVALID',
    value: 'nonsense',
    retry: { advice: 'NEVER' },
  });
  const single = await hold(strict, seats(strict, 1, 2));
  expect(single).toMatchObject({ code: 'LEAVES_SINGLE_SEAT', retry: { advice: 'NEW_KEY' } });
  expect(single.seats).toEqual([{ id: `Seat_${strict.seatId(0)}` }]);
  expect(single.alternatives[0].seats).toHaveLength(2);
  expect(await hold(hall, seats(hall, 1))).toMatchObject({
    code: 'COMPANION_WITHOUT_PLACE',
    seats: [{ id: `Seat_${hall.seatId(1)}` }],
    places: [{ id: `Seat_${hall.seatId(0)}` }],
  });
  const places = { sectionId: `Section_${hall.sectionIds[1]}`, quantity: 3 };
  expect(await hold(hall, { lines: [places] })).toMatchObject({ __typename: 'CreateBookingSuccess' });
  expect(await hold(hall, { lines: [places] })).toMatchObject({ code: 'SEATS_UNAVAILABLE', seats: [] });
  expect(await hold(hall, { lines: [{ ...places, quantity: 0 }] })).toMatchObject({ field: 'lines' });
}
