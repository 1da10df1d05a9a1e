import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { theatrePrices } from '#test/support/pricing/theatre-prices.ts';
import { openPrices, quote } from '../../pricing/quote-rules.ts';
import type { SeatingPlan } from '../seating-plan.ts';
import { paintSeats } from './paint-seats-rules.ts';
import type { PriceLevelInput, PriceListInput, SeatSelection } from './price-list-input.ts';
import { checkPrices } from './price-list-rules.ts';

const PLAN_ID = '01900000-0000-7000-8000-000000000001';
const SECTIONS = ['stalls', 'gallery', 'boxes'];
const [SEATS, PER_ROW] = [60, 5];
/** Three sections of four rows with five seats. */
const plan = {
  planId: PLAN_ID,
  seatCount: SEATS,
  sections: SECTIONS.map((id) => ({ id, label: id.toUpperCase(), tierLabel: id, outline: [] })),
  sectionOf: Uint16Array.from({ length: SEATS }, (_, seatNo) => Math.floor(seatNo / 20)),
  rowOf: Array.from({ length: SEATS }, (_, seatNo) => `Fila ${(Math.floor(seatNo / PER_ROW) % 4) + 1}`),
  labelOf: Array.from({ length: SEATS }, (_, seatNo) => `${(seatNo % PER_ROW) + 1}`),
} as unknown as SeatingPlan;
const terms = { plan, gateway: 'stripe', currency: 'EUR', seatsPerBooking: 10 } as const;

const theatre = theatrePrices(SECTIONS);
const all: SeatSelection = { sectionIds: SECTIONS };
const check = (changes: Partial<PriceListInput> = {}) => {
  const [stalls, gallery] = theatre.priceLevels;
  if (!stalls || !gallery) throw new Error('the theatre has two levels');
  return checkPrices({ ...theatre, priceLevels: [{ ...stalls, seats: all }, gallery], ...changes }, terms);
};
const pathsOf = (changes: Partial<PriceListInput>) => check(changes).problems?.map(({ path }) => path);

describe('the check of a price list', () => {
  it('returns the list and the level of each seat', () => {
    const found = check();
    if (found.problems) throw new Error(JSON.stringify(found.problems));
    expect(found.list.levels.map(({ key, color }) => [key, color])).toEqual([
      ['stalls', '#2f6fde'],
      ['gallery', undefined],
    ]);
    expect([...found.seatLevels]).toEqual(
      Array.from({ length: SEATS }, (_, seatNo) => Number(seatNo >= 20 && seatNo < 40)),
    );
    const prices = openPrices(found.list);
    expect(quote(prices, { lines: [{ seat: 1, level: 'gallery' }] }).totalMinor).toBe(2_929);
  });

  it('keeps keys and names in NFC without blanks around them, and so finds equal ones', () => {
    const ticketTypes = [
      { key: ' full ', name: 'Cafe\u0301' },
      { key: 'full', name: 'Caf\u00e9' },
    ];
    const prices = [{ ticketType: 'full', amountMinor: 1_000 }];
    const priceLevels = [{ key: 'a', name: 'A', seats: all, prices }];
    expect(pathsOf({ ticketTypes, priceLevels })).toEqual(['ticketTypes[1].key', 'ticketTypes[1].name']);
    const one = check({ ticketTypes: ticketTypes.slice(0, 1), priceLevels });
    expect(one).toMatchObject({ list: { ticketTypes: [{ key: 'full', name: 'Caf\u00e9' }] } });
  });

  it.each([
    [{ percent: '-1' }, 'fees[0].percent'],
    [{ percent: '7,5' }, 'fees[0].percent'],
    [{ percent: '100.1' }, 'fees[0].percent'],
    [{ perTicketMinor: 1.5 }, 'fees[0].perTicketMinor'],
    [{ perTicketMinor: Number.NaN }, 'fees[0].perTicketMinor'],
    [{ perBookingMinor: -1 }, 'fees[0].perBookingMinor'],
    [{ perBookingMinor: 2 ** 53 }, 'fees[0].perBookingMinor'],
    [{}, 'fees[0]'],
    [{ perBookingMinor: 0, perTicketMinor: 0 }, 'fees[0]'],
  ])('refuses the fee %j at %s', (amounts, path) => {
    expect(pathsOf({ fees: [{ name: 'Fee', refundable: true, ...amounts }] })).toEqual([path]);
  });

  it('needs a level and a ticket type, and takes at most 255 levels', () => {
    expect(pathsOf({ ticketTypes: [], fees: [] })).toContain('ticketTypes');
    expect(pathsOf({ priceLevels: [] })).toContain('priceLevels');
    const levels = Array.from({ length: 256 }, (_, index) => ({
      ...{ key: `${index}`, name: `${index}`, seats: all },
      prices: [{ ticketType: 'full', amountMinor: 1_000 }],
    }));
    expect(check({ priceLevels: levels }).problems).toContainEqual({
      path: 'priceLevels',
      message: 'Give at most 255.',
    });
  });

  it('lists 200 problems and the number of the others', () => {
    const seatIds = Array.from({ length: 300 }, (_, index) => `${PLAN_ID}_${100 + index}`);
    const [stalls] = theatre.priceLevels;
    if (!stalls) throw new Error('the theatre has two levels');
    const { problems = [] } = check({ priceLevels: [{ ...stalls, seats: { ...all, seatIds } }] });
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toEqual({ path: '', message: '100 further problems' });
  });

  it('counts the fees of a booking once, also where the gateway has a most amount', () => {
    const prices = [{ ticketType: 'full', amountMinor: 9_999_900 }];
    const priceLevels = [{ key: 'a', name: 'A', seats: all, prices }];
    const fee = (perBookingMinor: number) => ({
      ...{ priceLevels, taxes: [], ticketTypes: theatre.ticketTypes.slice(0, 1) },
      fees: [{ name: 'Handling', perBookingMinor, refundable: false }],
    });
    expect(check(fee(999)).problems).toBeUndefined();
    expect(check(fee(1_000)).problems).toEqual([
      {
        path: 'priceLevels[0].prices[0].amountMinor',
        message: expect.stringContaining(
          '10 seats of one booking cost €1,000,000.00, and stripe takes at most €999,999.99',
        ),
      },
    ]);
  });
});

describe('painting', () => {
  const row = fc.record({
    sectionId: fc.constantFrom(...SECTIONS),
    row: fc.constantFrom(' Fila 1', 'Fila 2', 'Fila 4 '),
  });
  const selection = fc.record({
    sectionIds: fc.array(fc.constantFrom(...SECTIONS), { maxLength: 2 }),
    rows: fc.array(row, { maxLength: 3 }),
    seatIds: fc.array(
      fc.nat(SEATS - 1).map((seatNo) => `${PLAN_ID}_${seatNo}`),
      { maxLength: 8 },
    ),
  });

  /** A slow plain model: asks for each seat which is the last level that chooses it. */
  const modelOf = (selections: readonly SeatSelection[]) =>
    Array.from({ length: SEATS }, (_, seatNo) =>
      selections.findLastIndex(({ sectionIds = [], rows = [], seatIds = [] }) => {
        const section = SECTIONS[Math.floor(seatNo / 20)] ?? '';
        const label = `Fila ${(Math.floor(seatNo / PER_ROW) % 4) + 1}`;
        return (
          sectionIds.includes(section) ||
          rows.some((own) => own.sectionId === section && own.row.trim() === label) ||
          seatIds.includes(`${PLAN_ID}_${seatNo}`)
        );
      }),
    );

  it('gives each seat the last level that chooses it, and names the sections and levels that go without: 2,000 halls', () => {
    fc.assert(
      fc.property(fc.array(selection, { minLength: 1, maxLength: 5 }), (selections) => {
        const levels = selections.map(
          (seats, index): PriceLevelInput => ({ key: `${index}`, name: '', seats, prices: [] }),
        );
        const { seatLevels, problems } = paintSeats(plan, levels);
        const model = modelOf(selections);
        expect([...seatLevels].map((level) => (level === 255 ? -1 : level))).toEqual(model);
        const bare = new Set(model.flatMap((level, seatNo) => (level === -1 ? [Math.floor(seatNo / 20)] : [])));
        const idle = levels.filter((_, index) => !model.includes(index));
        expect(problems).toHaveLength(bare.size + idle.length);
      }),
      { numRuns: 2_000 },
    );
  });
});
