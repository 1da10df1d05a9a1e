import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemOfQuote, randomQuotes } from '#test/support/pricing/random-quotes.ts';
import { includedIn, readPercent, shareOf } from './percent-rules.ts';
import type { Code, PriceList } from './price-list.ts';
import { openPrices, type QuoteRequest, quote } from './quote-rules.ts';

/** RANDOM_QUOTES=1000000 takes some minutes. */
const QUOTES = Number(process.env.RANDOM_QUOTES ?? 50_000);

const theatre: PriceList = {
  currency: 'CHF',
  step: 1,
  levels: [
    {
      key: 'stalls',
      name: 'Stalls',
      prices: [
        { ticketType: 'full', amountMinor: 8_950 },
        { ticketType: 'child', amountMinor: 3_333 },
        { ticketType: 'member', amountMinor: 7_000 },
      ],
    },
    { key: 'gallery', name: 'Gallery', prices: [{ ticketType: 'full', amountMinor: 2_000 }] },
  ],
  ticketTypes: [
    { key: 'full', name: 'Full price' },
    { key: 'child', name: 'Child', maxPerBooking: 2 },
    { key: 'member', name: 'Member', needsCode: true },
  ],
  fees: [
    { name: 'Service', percent: '7.5', refundable: false },
    { name: 'Restoration', perTicketMinor: 150, refundable: true },
    { name: 'Handling', perBookingMinor: 490, refundable: false },
  ],
  taxes: [
    { name: 'VAT', percent: '2.6', inclusive: true, appliesTo: 'FACE' },
    { name: 'City', percent: '5', inclusive: false, appliesTo: 'ALL' },
  ],
};
const of = (request: QuoteRequest, changes: Partial<PriceList> = {}) =>
  quote(openPrices({ ...theatre, ...changes }), request);
const stalls = (seat: number, ticketType?: string) => ({ seat, level: 'stalls', ticketType });

describe('a quote', () => {
  it('has per ticket face price, fees and taxes by name, and per booking its fees and their taxes', () => {
    const found = of({ lines: [stalls(4), stalls(2, 'child')] });
    expect(found).toMatchObject({
      currency: 'CHF',
      lines: [
        {
          ...{ seat: 2, ticketType: 'child', faceMinor: 3_333, totalMinor: 3_333 + 250 + 150 + 187 },
          fees: [
            { name: 'Service', amountMinor: 250, inclusive: false },
            { name: 'Restoration', amountMinor: 150, inclusive: false },
          ],
          taxes: [
            { name: 'VAT', amountMinor: 84, inclusive: true },
            { name: 'City', amountMinor: 187, inclusive: false },
          ],
        },
        { seat: 4, ticketType: 'full', faceMinor: 8_950, totalMinor: 8_950 + 671 + 150 + 489 },
      ],
      fees: [{ name: 'Handling', amountMinor: 490, inclusive: false }],
      // 24.5 is rounded to the even 24.
      taxes: [{ name: 'City', amountMinor: 24, inclusive: false }],
      totalMinor: 3_920 + 10_260 + 490 + 24,
    });
  });

  it('splits several taxes that one price contains by their rates', () => {
    const taxes = [
      { name: 'A', percent: '10', inclusive: true, appliesTo: 'FACE' },
      { name: 'B', percent: '15', inclusive: true, appliesTo: 'ALL' },
    ] as const;
    const { lines } = of({ lines: [{ seat: 1, level: 'gallery' }] }, { fees: [], taxes });
    expect(lines[0]).toMatchObject({
      taxes: [
        { name: 'A', amountMinor: 160 },
        { name: 'B', amountMinor: 240 },
      ],
      totalMinor: 2_000,
    });
  });

  it('applies codes one after the other, and no price falls below zero', () => {
    const fifth: Code = { code: 'FIFTH', opens: [], discountPercent: '20' };
    const off: Code = { code: 'OFF', opens: [], discountMinor: 1_500 };
    const face = (codes: readonly Code[]) => of({ lines: [{ seat: 1, level: 'gallery' }], codes }).lines[0]?.faceMinor;
    expect(face([fifth, off])).toBe(100);
    expect(face([off, fifth])).toBe(400);
    expect(face([off, off])).toBe(0);
  });

  it('refuses a ticket type without its code, one that the seat does not have, and too many of one', () => {
    const opens: Code = { code: 'CLUB', opens: ['member'] };
    expect(() => of({ lines: [stalls(1, 'member')] })).toThrow('Member needs a code.');
    expect(of({ lines: [stalls(1, 'member')], codes: [opens] }).lines[0]?.faceMinor).toBe(7_000);
    expect(() => of({ lines: [{ seat: 1, level: 'gallery', ticketType: 'child' }] })).toThrow('child is not sold');
    expect(() => of({ lines: [stalls(1, 'senior')] })).toThrow('senior is not sold for this seat.');
    expect(() => of({ lines: [1, 2, 3].map((seat) => stalls(seat, 'child')) })).toThrow(
      'A booking may have 2 of Child.',
    );
  });

  it('refuses a total beyond 2^53 - 1 and names the field', () => {
    const levels = [{ key: 'stalls', name: 'S', prices: [{ ticketType: 'full', amountMinor: 2 ** 52 }] }];
    const ask = () => of({ lines: [stalls(1), stalls(2)] }, { levels, fees: [], taxes: [] });
    expect(ask).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'lines' }));
  });

  it('has the same hash in any order of the lines, and another one after any change of a price', () => {
    const lines = [stalls(9), stalls(3, 'child'), { seat: 5, level: 'gallery' }];
    const { hash } = of({ lines });
    expect(hash).toMatch(/^[\w-]{22}$/);
    expect(of({ lines: lines.toReversed() }).hash).toBe(hash);
    const [service, , handling] = theatre.fees;
    const [vat, city] = theatre.taxes;
    const changes: Partial<PriceList>[] = [
      { currency: 'EUR' },
      { fees: [service, handling].flatMap((fee) => fee ?? []) },
      { taxes: [vat].flatMap((tax) => tax ?? []) },
      { taxes: [city].flatMap((tax) => tax ?? []) },
      {
        levels: theatre.levels.map((level) => ({
          ...level,
          fees: [{ name: 'X', perTicketMinor: 1, refundable: true }],
        })),
      },
    ];
    const hashes = changes.map((change) => of({ lines }, change).hash);
    expect(new Set([hash, ...hashes]).size).toBe(changes.length + 1);
  });

  it(`is the sum of its lines and of its own charges, and its charges are in steps: ${QUOTES} quotes`, () => {
    const seen = new Set<string>();
    for (const { list, request, found } of randomQuotes(QUOTES, 20_261_130)) {
      const wrong = problemOfQuote(list, found);
      if (wrong) expect({ wrong, list, request, found }).toBeUndefined();
      seen.add(found.currency);
    }
    expect(seen.size).toBe(10);
  }, 600_000);
});

describe('a share', () => {
  const nat = fc.bigInt({ min: 0n, max: 2n ** 52n });

  it('is the multiple of the step that is nearest, and of two the even one', () => {
    fc.assert(
      fc.property(
        nat,
        fc.integer({ min: 0, max: 100_000_000 }),
        fc.constantFrom(1, 10, 100),
        (amount, percent, step) => {
          const got = BigInt(shareOf(Number(amount), BigInt(percent), step));
          const unit = 100_000_000n * BigInt(step);
          const off = 2n * (got * 100_000_000n - amount * BigInt(percent));
          expect(off <= unit && -off <= unit).toBe(true);
          if (off === unit || -off === unit) expect((got / BigInt(step)) % 2n).toBe(0n);
          expect(got % BigInt(step)).toBe(0n);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  it.each([
    [250, '1', 2],
    [350, '1', 4],
    [150, '33', 50],
    [50, '1', 0],
    [10_000, '7.7', 770],
    [333, '0.3', 1],
  ])('of %i at %s %% is %i', (amount, percent, share) => {
    expect(shareOf(amount, BigInt(readPercent(percent) ?? -1), 1)).toBe(share);
  });

  it('of a price that contains it is rounded from the exact quotient', () => {
    const rates = BigInt(readPercent('19') ?? 0);
    const amountMinor = 9_007_199_254_740_991;
    // 9007199254740991 * 19 / 119 = 1438124250756964.95...
    expect(includedIn([{ amountMinor, percent: rates, rates }])).toBe(1_438_124_250_756_965);
  });

  it.each(['', '-1', '7,7', '1e1', '100.1', '101', '0.1234567', ' 5', '+5', '0x1', 'NaN', '.5', '5.'])(
    'is not of %j percent',
    (text) => {
      expect(readPercent(text)).toBeUndefined();
    },
  );
});
