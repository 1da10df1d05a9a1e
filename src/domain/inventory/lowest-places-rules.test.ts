import fc from 'fast-check';
import { expect, test } from 'vitest';
import { after, empty, hold, rules, SEATS } from '#test/support/inventory/allocation.ts';
import { allocate } from './allocate-rules.ts';
import { FreeSeats } from './free-seats-rules.ts';
import type { WantedPlaces } from './inventory-command.ts';

/** Seats 0 to 3 are in a row, 4 to 7 and 8 to 11 are places of two areas; of the last area, two are not for sale. */
const hall = {
  seatCount: SEATS,
  width: 100,
  sectionOf: Array.from({ length: SEATS }, (_, seatNo) => Math.floor(seatNo / 4)),
  rowOf: Array.from({ length: SEATS }, (_, seatNo) => (seatNo < 4 ? 'A' : '')),
  x: Array.from({ length: SEATS }, (_, seatNo) => 10 * seatNo),
  y: Array.from({ length: SEATS }, () => 0),
  sections: [{}, { kind: 'GENERAL_ADMISSION' as const }, { kind: 'GENERAL_ADMISSION' as const }],
};
const levelOf = (seatNo: number) => (seatNo < 10 ? 'T' : undefined);
const inHall = { ...rules, hall, levelOf, policy: { ...rules.policy, maxSeatsPerEvent: SEATS } };

const wish = fc.record({
  seatNos: fc.uniqueArray(fc.nat(3), { maxLength: 2 }).map((list) => list.sort((a, b) => a - b)),
  areas: fc.uniqueArray(
    fc.record({
      section: fc.constantFrom(1, 2),
      quantity: fc.integer({ min: 1, max: 3 }),
      ticketType: fc.constant(undefined),
    }),
    { minLength: 1, maxLength: 2, selector: ({ section }) => section },
  ),
});

type Wish = { readonly seatNos: number[]; readonly areas: readonly WantedPlaces[] };

/** What the request comes to: the seats with the lowest free places of each section, or the kind of the refusal. */
function expected(taken: ReadonlySet<number>, { seatNos, areas }: Wish): number[] | string {
  const count = seatNos.length + areas.reduce((sum, { quantity }) => sum + quantity, 0);
  if (count > inHall.policy.maxSeatsPerBooking) return 'tooManySeats';
  const chosen = [...seatNos];
  for (const { section, quantity } of areas) {
    const open = [4, 5, 6, 7, 8, 9].filter((seatNo) => Math.floor(seatNo / 4) === section && !taken.has(seatNo));
    if (open.length < quantity) return 'noBestSeats';
    chosen.push(...open.slice(0, quantity));
  }
  return seatNos.some((seatNo) => taken.has(seatNo)) ? 'seatsUnavailable' : chosen.sort((a, b) => a - b);
}

test('a number of places gets the lowest free ones, together with the seats of the request or not at all', () => {
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
      const taken = new Set<number>();
      let state = { ...empty, free: new FreeSeats(new Uint8Array(SEATS)) };
      for (const one of wishes) {
        const wanted = expected(taken, one);
        const done = allocate([hold(one.seatNos, { areas: one.areas })], state, inHall);
        const [outcome] = done.outcomes;
        const got = outcome?.kind === 'held' ? outcome.booking.seats.map(({ seatNo }) => seatNo) : outcome?.kind;
        expect(got).toEqual(wanted);
        if (typeof wanted !== 'string') for (const seatNo of wanted) taken.add(seatNo);
        const seen = Uint8Array.from({ length: SEATS }, (_, seatNo) => (taken.has(seatNo) ? 1 : 0));
        state = { ...after(state, done), free: new FreeSeats(seen) };
      }
    }),
    { numRuns: 1000 },
  );
});

test('the price of a number of places has one hash, whichever places are free', () => {
  const areas = [{ section: 1, quantity: 2, ticketType: undefined }];
  const command = hold([], { areas });
  const quoted = allocate(
    [{ ...command, quoteHash: 'unknown' }],
    { ...empty, free: new FreeSeats(new Uint8Array(SEATS)) },
    inHall,
  );
  const hash = quoted.outcomes[0]?.kind === 'priceChanged' ? quoted.outcomes[0].quote.hash : '';
  const taken = Uint8Array.from({ length: SEATS }, (_, seatNo) => (seatNo < 6 ? 1 : 0));
  const [held] = allocate([{ ...command, quoteHash: hash }], { ...empty, free: new FreeSeats(taken) }, inHall).outcomes;
  expect(held).toMatchObject({ kind: 'held', booking: { seats: [{ seatNo: 6 }, { seatNo: 7 }] } });
  const { outcomes } = allocate([hold([6, 7], { quoteHash: hash })], empty, inHall);
  expect(outcomes[0]?.kind, 'the same places by their ids').toBe('held');
});
