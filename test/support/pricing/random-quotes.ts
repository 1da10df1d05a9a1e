import type { Code, Fee, PriceList, Tax, TaxBase } from '#domain/pricing/price-list.ts';
import { type Charge, openPrices, type Quote, type QuoteRequest, quote } from '#domain/pricing/quote-rules.ts';
import { seededRandom } from '#test/fans/random.ts';

/** Ten currencies with 0, 2 and 3 decimals, and the step in which Stripe takes each. */
const CURRENCIES = [
  ['JPY', 1],
  ['KRW', 1],
  ['XOF', 1],
  ['EUR', 1],
  ['USD', 1],
  ['HUF', 1],
  ['IDR', 1],
  ['MGA', 100],
  ['KWD', 10],
  ['TND', 10],
] as const;
const BASES: readonly TaxBase[] = ['FACE', 'FEES', 'ALL'];
/** Quotes that are made of one price list, because a list is read once and quoted often. */
const QUOTES_PER_LIST = 10;

type Chance = () => number;
const upTo = (chance: Chance, most: number): number => Math.floor(chance() * (most + 1));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const pick = <T>(chance: Chance, from: readonly T[]): T => {
  const picked = from[upTo(chance, from.length - 1)];
  if (picked === undefined) throw new Error('there is nothing to pick from');
  return picked;
};

/** Amounts from nothing to ten digits, in steps. */
const amount = (chance: Chance, step: number): number => upTo(chance, 10 ** upTo(chance, 10)) * step;
const percent = (chance: Chance): string => `${upTo(chance, 39)}.${String(upTo(chance, 999)).padStart(3, '0')}`;

function feeOf(chance: Chance, step: number, index: number): Fee {
  const about = { name: `Fee ${index}`, refundable: chance() < 0.5 };
  const kind = upTo(chance, 2);
  if (kind === 0) return { ...about, percent: percent(chance) };
  return kind === 1
    ? { ...about, perTicketMinor: amount(chance, step) }
    : { ...about, perBookingMinor: amount(chance, step) };
}

const taxOf = (chance: Chance, index: number): Tax => ({
  name: `Tax ${index}`,
  percent: percent(chance),
  inclusive: chance() < 0.5,
  appliesTo: pick(chance, BASES),
});

function listOf(chance: Chance): PriceList {
  const [currency, step] = pick(chance, CURRENCIES);
  const types = times(1 + upTo(chance, 3), (i) => ({ key: `type${i}`, name: `Type ${i}`, needsCode: i === 3 }));
  return {
    currency,
    step,
    ticketTypes: types,
    levels: times(1 + upTo(chance, 4), (i) => ({
      key: `level${i}`,
      name: `Level ${i}`,
      prices: types.map(({ key }) => ({ ticketType: key, amountMinor: amount(chance, step) })),
      fees: times(upTo(chance, 1), (j) => ({
        name: `Own ${j}`,
        perTicketMinor: amount(chance, step),
        refundable: true,
      })),
    })),
    fees: times(upTo(chance, 3), (i) => feeOf(chance, step, i)),
    taxes: times(upTo(chance, 3), (i) => taxOf(chance, i)),
  };
}

function codeOf(chance: Chance, step: number): Code {
  const code = { code: 'CODE', opens: ['type3'] };
  if (chance() < 0.5) return { ...code, discountPercent: percent(chance) };
  return { ...code, discountMinor: amount(chance, step) };
}

function requestOf(chance: Chance, list: PriceList): QuoteRequest {
  const codes = times(upTo(chance, 2), () => codeOf(chance, list.step));
  const types = list.ticketTypes.filter(({ needsCode }) => codes.length > 0 || !needsCode);
  const lines = times(1 + upTo(chance, 9), (i) => ({
    seat: 10 - i,
    level: pick(chance, list.levels).key,
    ...(chance() < 0.7 && { ticketType: pick(chance, types).key }),
  }));
  return { lines, codes };
}

/** Makes random price lists and quotes of up to ten tickets; the same seed makes the same ones. */
export function* randomQuotes(
  count: number,
  seed: number,
): Generator<{ list: PriceList; request: QuoteRequest; found: Quote }> {
  const chance = seededRandom(seed).next;
  for (let made = 0; made < count; ) {
    const list = listOf(chance);
    const prices = openPrices(list);
    for (let i = 0; i < QUOTES_PER_LIST && made < count; i += 1, made += 1) {
      const request = requestOf(chance, list);
      yield { list, request, found: quote(prices, request) };
    }
  }
}

const total = (amounts: readonly number[]): number => amounts.reduce((sum, one) => sum + one, 0);
const amounts = (charges: readonly Charge[]): number[] => charges.map(({ amountMinor }) => amountMinor);
const added = (charges: readonly Charge[]): Charge[] => charges.filter(({ inclusive }) => !inclusive);

/** Returns what is wrong with the sums and the rounding of a quote; undefined for a correct one. */
export function problemOfQuote({ step }: PriceList, { lines, fees, taxes, totalMinor }: Quote): string | undefined {
  const ofBooking = amounts([...fees, ...added(taxes)]);
  if (total([...lines.map((line) => line.totalMinor), ...ofBooking]) !== totalMinor)
    return 'the lines are not the total';
  for (const line of lines) {
    const charged = [line.faceMinor, ...amounts([...line.fees, ...added(line.taxes)])];
    if (total(charged) !== line.totalMinor) return `the charges of seat ${line.seat} are not its total`;
    if (charged.some((amount) => amount % step !== 0)) return `seat ${line.seat} has a charge that is not in steps`;
    const included = line.taxes.filter(({ inclusive }) => inclusive);
    if (total(amounts(included)) > line.totalMinor) return `seat ${line.seat} contains more tax than it costs`;
  }
  return ofBooking.some((amount) => amount % step !== 0) ? 'a charge of the booking is not in steps' : undefined;
}
