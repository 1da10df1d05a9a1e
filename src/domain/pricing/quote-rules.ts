import { createHash } from 'node:crypto';
import { MAX_AMOUNT_MINOR } from '../currency-rules.ts';
import { InvalidInput } from '../errors.ts';
import { includedIn, percentOf, shareOf } from './percent-rules.ts';
import type { Code, Fee, PriceLevel, PriceList, Tax, TicketType } from './price-list.ts';

export type Charge = {
  readonly name: string;
  readonly amountMinor: number;
  /** True: the amount is part of the face price or of a fee, and is not added to the total. */
  readonly inclusive: boolean;
  /** Of a fee: whether a refund of the ticket gives it back. */
  readonly refundable?: boolean;
  /** Of a tax: how much of it is on fees. */
  readonly ofFeesMinor?: number;
};

/** One ticket. `seat` names it: the number of the seat. Without a ticket type it is the default of the level. */
export type LineRequest = {
  readonly seat: number;
  /** For a place of a general admission section: its section. One place of it is as good as another, also in the hash. */
  readonly area?: number | undefined;
  readonly level: string;
  readonly ticketType?: string | undefined;
};

export type Line = {
  readonly seat: number;
  readonly area?: number | undefined;
  readonly level: string;
  readonly ticketType: string;
  readonly ticketTypeName: string;
  /** After discounts. */
  readonly faceMinor: number;
  readonly fees: readonly Charge[];
  readonly taxes: readonly Charge[];
  /** The face price, the fees and the taxes that are added. */
  readonly totalMinor: number;
};

export type Quote = {
  readonly currency: string;
  /** By seat. */
  readonly lines: readonly Line[];
  /** Of the booking as a whole: the charges of a ticket are in its line. */
  readonly fees: readonly Charge[];
  readonly taxes: readonly Charge[];
  /** The sum of the lines, the fees of the booking, and the taxes that are added to these fees. */
  readonly totalMinor: number;
  /** Equal for equal quotes: a client sends it to book at this price or not at all. */
  readonly hash: string;
};

type Price = Omit<Line, 'seat' | 'area'>;
type OfBooking = Pick<Quote, 'fees' | 'taxes' | 'totalMinor'>;
type Taxation = Pick<Prices, 'taxes' | 'included'> & { readonly step: number };
type CompiledTax = Tax & { readonly rate: bigint };
/** A price list whose percentages are read and whose keys are found, so that a quote is made in microseconds. */
export type Prices = {
  readonly list: PriceList;
  readonly step: number;
  readonly levels: ReadonlyMap<string, PriceLevel>;
  readonly types: ReadonlyMap<string, TicketType>;
  /** By level: the ticket type of a seat that is booked without one, and at whose price the seat is shown. */
  readonly defaults: ReadonlyMap<string, string>;
  /** The prices without codes that were made before, by level and ticket type. */
  readonly known: ReadonlyMap<string, Map<string, Price>>;
  /** The same for each booking: its fees, and the taxes on these. */
  readonly ofBooking: OfBooking;
  /** Some ticket type is limited per booking. */
  readonly isLimited: boolean;
  readonly taxes: readonly CompiledTax[];
  /** The sum of the rates of the taxes that are contained in a face price, and in a fee. */
  readonly included: { readonly face: bigint; readonly fees: bigint };
};

const isOn = (base: 'FACE' | 'FEES', tax: Tax): boolean => tax.appliesTo === base || tax.appliesTo === 'ALL';

/** @throws Error for a list that `problemsOfPriceList` refuses */
export function openPrices(list: PriceList): Prices {
  const taxes = list.taxes.map((tax) => ({ ...tax, rate: percentOf(tax.percent) }));
  const rates = (base: 'FACE' | 'FEES') =>
    taxes.filter((tax) => tax.inclusive && isOn(base, tax)).reduce((sum, { rate }) => sum + rate, 0n);
  const taxation = { taxes, included: { face: rates('FACE'), fees: rates('FEES') }, step: list.step };
  return {
    list,
    levels: new Map(list.levels.map((level) => [level.key, level])),
    types: new Map(list.ticketTypes.map((type) => [type.key, type])),
    defaults: new Map(list.levels.map((level) => [level.key, defaultOf(list, level)])),
    known: new Map(list.levels.map(({ key }) => [key, new Map()])),
    ofBooking: chargesOfBooking(list, taxation),
    isLimited: list.ticketTypes.some(({ maxPerBooking }) => maxPerBooking !== undefined),
    ...taxation,
  };
}

function chargesOfBooking({ fees: all }: PriceList, taxation: Taxation): OfBooking {
  const fees = all.flatMap((fee) => chargesOf(fee, fee.perBookingMinor));
  const taxes = taxesOn(taxation, { faceMinor: 0, feesMinor: sumOf(fees) });
  return { fees, taxes, totalMinor: addUp([sumOf(fees), addedBy(taxes)]) };
}

/** The first ticket type of the list that is sold at this level to every fan, else the first that is sold there at all. */
function defaultOf({ ticketTypes }: PriceList, { prices }: PriceLevel): string {
  const sold = ticketTypes.filter(({ key }) => prices.some(({ ticketType }) => ticketType === key));
  return (sold.find((type) => !type.needsCode && !type.boxOfficeOnly) ?? sold[0])?.key ?? '';
}

export type QuoteRequest = {
  readonly lines: readonly LineRequest[];
  readonly codes?: readonly Code[];
  /** The box office sells each ticket type, and to each number of guests. */
  readonly atBoxOffice?: boolean;
};

/**
 * Returns what these tickets cost. Pure: the same list, lines and codes give the same quote. Each charge is rounded once,
 * half to even, and every total is a sum of charges, so the sum of the lines and of the booking's own charges is the total.
 * An added tax is of the amounts as they are shown.
 *
 * @throws InvalidInput for an unknown ticket type, one that the fan may not have, too many of one, or an amount beyond 2^53 - 1
 */
export function quote(prices: Prices, { lines, codes = [], atBoxOffice = false }: QuoteRequest): Quote {
  const { list } = prices;
  const known = codes.length === 0 ? prices.known : new Map(list.levels.map(({ key }) => [key, new Map()]));
  const made = lines.map(({ seat, area, level, ticketType = prices.defaults.get(level) ?? '' }): Line => {
    if (!atBoxOffice) refuseClosed(prices.types.get(ticketType), codes);
    const ofLevel = known.get(level);
    let price = ofLevel?.get(ticketType);
    if (!price) {
      price = priceOf(prices, { level, ticketType, codes });
      ofLevel?.set(ticketType, price);
    }
    return lineAt(seat, area, price);
  });
  if (prices.isLimited && !atBoxOffice) refuseTooMany(prices, made);
  made.sort((a, b) => a.seat - b.seat);
  const { fees, taxes, totalMinor: ofBookingMinor } = prices.ofBooking;
  const totalMinor = addUp([...made.map((line) => line.totalMinor), ofBookingMinor]);
  return new MadeQuote({ currency: list.currency, lines: made, fees, taxes, totalMinor });
}

/** Makes its hash when it is read: most holds name none, and SHA-256 costs more than the sums. */
class MadeQuote implements Quote {
  readonly currency: string;
  readonly lines: readonly Line[];
  readonly fees: readonly Charge[];
  readonly taxes: readonly Charge[];
  readonly totalMinor: number;

  constructor({ currency, lines, fees, taxes, totalMinor }: Omit<Quote, 'hash'>) {
    this.currency = currency;
    this.lines = lines;
    this.fees = fees;
    this.taxes = taxes;
    this.totalMinor = totalMinor;
  }

  get hash(): string {
    return hashOf(this);
  }
}

/** A literal, because a spread of the price costs several times as much, and a hold makes one for each seat. */
const lineAt = (seat: number, area: number | undefined, price: Price): Line => ({
  seat,
  area,
  level: price.level,
  ticketType: price.ticketType,
  ticketTypeName: price.ticketTypeName,
  faceMinor: price.faceMinor,
  fees: price.fees,
  taxes: price.taxes,
  totalMinor: price.totalMinor,
});

/** Returns the quote of the same tickets for nothing, without fees and taxes. */
export function complimentary({ currency, lines }: Quote): Quote {
  const free = lines.map((line) => ({ ...line, faceMinor: 0, fees: [], taxes: [], totalMinor: 0 }));
  return new MadeQuote({ currency, lines: free, fees: [], taxes: [], totalMinor: 0 });
}

/** Returns what a booking of these seats costs with their default ticket types: the price that fans are shown. */
export function shownQuote(prices: Prices, seats: readonly Pick<LineRequest, 'seat' | 'level'>[]): Quote {
  return quote(prices, { lines: seats, atBoxOffice: true });
}

function refuseClosed(type: TicketType | undefined, codes: readonly Code[]): void {
  if (type?.boxOfficeOnly) throw new InvalidInput('lines', `${type.name} is sold at the box office only.`);
  if (type?.needsCode && !codes.some(({ opens }) => opens.includes(type.key)))
    throw new InvalidInput('lines', `${type.name} needs a code.`);
}

type Ticket = { readonly level: string; readonly ticketType: string; readonly codes: readonly Code[] };

function priceOf(prices: Prices, { level: levelKey, ticketType, codes }: Ticket): Price {
  const level = prices.levels.get(levelKey);
  if (!level) throw new Error(`the price list has no level ${levelKey}`);
  const face = level.prices.find((price) => price.ticketType === ticketType);
  const type = prices.types.get(ticketType);
  if (!type || !face) throw new InvalidInput('lines', `The ticket type ${ticketType} is not sold for this seat.`);
  const { step } = prices.list;
  const faceMinor = codes.reduce((left, code) => discounted(left, code, step), face.amountMinor);
  const fees = [...(level.fees ?? []), ...prices.list.fees].flatMap((fee) =>
    chargesOf(fee, ofTicket(fee, faceMinor, step)),
  );
  const feesMinor = sumOf(fees);
  const taxes = taxesOn(prices, { faceMinor, feesMinor });
  const totalMinor = addUp([faceMinor, feesMinor, addedBy(taxes)]);
  return { level: levelKey, ticketType, ticketTypeName: type.name, faceMinor, fees, taxes, totalMinor };
}

/** Each code takes its part off what the codes before it have left; a price does not fall below zero. */
function discounted(priceMinor: number, { discountPercent, discountMinor = 0 }: Code, step: number): number {
  const share = discountPercent === undefined ? 0 : shareOf(priceMinor, percentOf(discountPercent), step);
  return Math.max(0, priceMinor - share - discountMinor);
}

const ofTicket = (fee: Fee, faceMinor: number, step: number): number | undefined =>
  fee.percent === undefined ? fee.perTicketMinor : shareOf(faceMinor, percentOf(fee.percent), step);

const chargesOf = ({ name, refundable }: Fee, amountMinor: number | undefined): Charge[] =>
  amountMinor === undefined ? [] : [{ name, amountMinor, inclusive: false, refundable }];

/** A tax on something that does not exist is left out: a booking without fees has no tax on fees. */
function taxesOn({ taxes, included, step }: Taxation, of: { faceMinor: number; feesMinor: number }): Charge[] {
  return taxes.flatMap((tax): Charge[] => {
    const face = isOn('FACE', tax) ? of.faceMinor : 0;
    const fees = isOn('FEES', tax) ? of.feesMinor : 0;
    if (face === 0 && fees === 0) return [];
    const { name, inclusive, rate: percent } = tax;
    const onFace = { amountMinor: face, percent, rates: included.face };
    const onFees = { amountMinor: fees, percent, rates: included.fees };
    const amountMinor = inclusive ? includedIn([onFace, onFees]) : shareOf(face + fees, percent, step);
    const faceShare = inclusive ? includedIn([onFace]) : shareOf(face, percent, step);
    return [{ name, amountMinor, inclusive, ofFeesMinor: fees === 0 ? 0 : Math.max(0, amountMinor - faceShare) }];
  });
}

/** @throws InvalidInput for a sum beyond 2^53 - 1, which JSON would not carry exactly */
function addUp(amounts: readonly number[]): number {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  // Each amount is at most 2^53 - 1. A sum that passed this once never comes back below it.
  if (sum > MAX_AMOUNT_MINOR) throw new InvalidInput('lines', 'The amount is larger than any that can be paid.');
  return sum;
}

const sumOf = (charges: readonly Charge[]): number => addUp(charges.map(({ amountMinor }) => amountMinor));
const addedBy = (taxes: readonly Charge[]): number => sumOf(taxes.filter(({ inclusive }) => !inclusive));

function refuseTooMany({ types }: Prices, lines: readonly Line[]): void {
  const counts = new Map<string, number>();
  for (const { ticketType } of lines) counts.set(ticketType, (counts.get(ticketType) ?? 0) + 1);
  for (const [key, count] of counts) {
    const { name = key, maxPerBooking } = types.get(key) ?? {};
    if (maxPerBooking !== undefined && count > maxPerBooking)
      throw new InvalidInput('lines', `A booking may have ${maxPerBooking} of ${name}.`);
  }
}

/** Places without numbers come last, in an order that does not depend on which of them are free. */
function hashedLines(lines: readonly Line[]): readonly Line[] {
  if (lines.every(({ area }) => area === undefined)) return lines;
  const rank = ({ area = -1 }: Line) => area;
  return lines.toSorted(
    (a, b) => rank(a) - rank(b) || compare(a.ticketType, b.ticketType) || compare(a.level, b.level) || a.seat - b.seat,
  );
}

const compare = (one: string, other: string): number => Number(one > other) - Number(one < other);

/** 132 bits of SHA-256: no two price lists come to the same text by chance. */
function hashOf({ currency, lines, fees, taxes, totalMinor }: Omit<Quote, 'hash'>): string {
  const charges = (all: readonly Charge[]) =>
    all.map(({ name, amountMinor, inclusive }) => [name, amountMinor, inclusive]);
  const content = [
    currency,
    hashedLines(lines).map(({ seat, area, ticketType, faceMinor, fees: own, taxes: ownTaxes }) => [
      area === undefined ? seat : `area ${area}`,
      ticketType,
      faceMinor,
      charges(own),
      charges(ownTaxes),
    ]),
    charges(fees),
    charges(taxes),
    totalMinor,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
}
