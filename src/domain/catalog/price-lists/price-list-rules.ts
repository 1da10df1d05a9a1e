import { MAX_AMOUNT_MINOR } from '../../currency-rules.ts';
import { readPercent } from '../../pricing/percent-rules.ts';
import type { Fee, PriceList, Tax, TicketType } from '../../pricing/price-list.ts';
import { readText } from '../../text-rules.ts';
import type { SeatingPlan } from '../seating-plan.ts';
import { type GatewayTerms, problemsAtGateway, stepOf } from './gateway-price-rules.ts';
import { MOST_LEVELS, paintSeats } from './paint-seats-rules.ts';
import { firstProblems, type PriceLevelInput, type PriceListInput, type PriceProblem } from './price-list-input.ts';

export type PriceListTerms = GatewayTerms & { readonly plan: SeatingPlan };

export type CheckedPrices =
  | { readonly list: PriceList; readonly seatLevels: Uint8Array; readonly problems?: undefined }
  | { readonly problems: readonly PriceProblem[] };

const MOST_TYPES = 50;
const MOST_CHARGES = 20;
const KEY = { atMost: 60 };
const NAME = { atMost: 100 };

/**
 * Returns the price list and the level of each seat, or everything that is wrong with the input. Pure. The gateway is asked
 * about the prices only when nothing else is wrong, because it judges what whole bookings cost.
 */
export function checkPrices(input: PriceListInput, terms: PriceListTerms): CheckedPrices {
  const cleaned = clean(input);
  const painted = paintSeats(terms.plan, input.priceLevels);
  const problems = [...problemsOfLists(cleaned), ...painted.problems];
  if (problems.length > 0) return { problems: firstProblems(problems) };
  const list = listOf(cleaned, terms);
  const refused = problemsAtGateway(list, terms);
  return refused.length > 0 ? { problems: firstProblems(refused) } : { list, seatLevels: painted.seatLevels };
}

/** Texts are kept in NFC without surrounding blanks; a text that is not allowed stays for its problem. */
function clean(input: PriceListInput): PriceListInput {
  const key = (text: string) => textOr(text, KEY);
  const name = (text: string) => textOr(text, NAME);
  return {
    priceLevels: input.priceLevels.map((level) => ({
      ...level,
      key: key(level.key),
      name: name(level.name),
      prices: level.prices.map((price) => ({ ...price, ticketType: key(price.ticketType) })),
    })),
    ticketTypes: input.ticketTypes.map((type) => ({ ...type, key: key(type.key), name: name(type.name) })),
    fees: input.fees.map((fee) => ({ ...fee, name: name(fee.name) })),
    taxes: input.taxes.map((tax) => ({ ...tax, name: name(tax.name) })),
  };
}

function textOr(text: string, rule: { atMost: number }): string {
  const read = readText(text, rule);
  return 'text' in read ? read.text : text;
}

function listOf({ priceLevels, ticketTypes, fees, taxes }: PriceListInput, terms: PriceListTerms): PriceList {
  const levels = priceLevels.map(({ seats: _, ...level }) => level);
  return { currency: terms.currency, step: stepOf(terms), levels, ticketTypes, fees, taxes };
}

function problemsOfLists({ priceLevels, ticketTypes, fees, taxes }: PriceListInput): PriceProblem[] {
  const types = new Set(ticketTypes.map(({ key }) => key));
  return [
    ...lengthOf('priceLevels', priceLevels, { least: 1, most: MOST_LEVELS }),
    ...lengthOf('ticketTypes', ticketTypes, { least: 1, most: MOST_TYPES }),
    ...lengthOf('fees', fees, { least: 0, most: MOST_CHARGES }),
    ...lengthOf('taxes', taxes, { least: 0, most: MOST_CHARGES }),
    ...textsOf('priceLevels', priceLevels, 'key'),
    ...textsOf('priceLevels', priceLevels, 'name'),
    ...textsOf('ticketTypes', ticketTypes, 'key'),
    ...textsOf('ticketTypes', ticketTypes, 'name'),
    ...textsOf('fees', fees, 'name'),
    ...textsOf('taxes', taxes, 'name'),
    ...priceLevels.flatMap((level, index) => problemsOfLevel(level, types, `priceLevels[${index}]`)),
    ...ticketTypes.flatMap((type, index) => problemsOfType(type, `ticketTypes[${index}]`)),
    ...fees.flatMap((fee, index) => problemsOfFee(fee, `fees[${index}]`)),
    ...taxes.flatMap((tax, index) => problemsOfTax(tax, `taxes[${index}]`)),
  ];
}

type Bounds = { readonly least: number; readonly most: number };

function lengthOf(path: string, list: readonly unknown[], { least, most }: Bounds): PriceProblem[] {
  if (list.length < least) return [{ path, message: 'Give at least one.' }];
  return list.length > most ? [{ path, message: `Give at most ${most}.` }] : [];
}

/** Each text must be one that can be kept, and no two of a list may be equal. */
function textsOf<F extends 'key' | 'name'>(
  path: string,
  list: readonly { readonly [K in F]: string }[],
  field: F,
): PriceProblem[] {
  const firsts = new Map<string, number>();
  return list.flatMap((item, index) => {
    const text: string = item[field];
    const at = `${path}[${index}].${field}`;
    const read = readText(text, field === 'key' ? KEY : NAME);
    if ('problem' in read) return [{ path: at, message: `A ${field} ${read.problem}.` }];
    const first = firsts.get(text);
    if (first === undefined) firsts.set(text, index);
    return first === undefined ? [] : [{ path: at, message: `${path}[${first}] has the same ${field}: ${text}.` }];
  });
}

function problemsOfLevel({ color, prices }: PriceLevelInput, types: ReadonlySet<string>, path: string) {
  const problems: PriceProblem[] = [];
  if (color !== undefined && 'problem' in readText(color, KEY))
    problems.push({ path: `${path}.color`, message: 'A color is a text of up to 60 characters, such as #2f6fde.' });
  if (prices.length === 0) problems.push({ path: `${path}.prices`, message: 'Give the price of a ticket type.' });
  const seen = new Set<string>();
  for (const [index, { ticketType, amountMinor }] of prices.entries()) {
    const at = `${path}.prices[${index}]`;
    if (!types.has(ticketType))
      problems.push({ path: `${at}.ticketType`, message: `There is no ticket type ${ticketType} in the list.` });
    if (seen.has(ticketType))
      problems.push({ path: `${at}.ticketType`, message: `The level has a price for ${ticketType} already.` });
    seen.add(ticketType);
    problems.push(...problemsOfAmount(amountMinor, `${at}.amountMinor`));
  }
  return problems;
}

function problemsOfAmount(amountMinor: number, path: string): PriceProblem[] {
  return Number.isSafeInteger(amountMinor) && amountMinor >= 0
    ? []
    : [{ path, message: `An amount is a whole number of minor units from 0 to ${MAX_AMOUNT_MINOR}.` }];
}

function problemsOfType({ maxPerBooking }: TicketType, path: string): PriceProblem[] {
  return maxPerBooking === undefined || (Number.isSafeInteger(maxPerBooking) && maxPerBooking >= 1)
    ? []
    : [{ path: `${path}.maxPerBooking`, message: 'A booking may have at least one ticket of each type.' }];
}

function problemsOfFee({ perTicketMinor, perBookingMinor, percent }: Fee, path: string): PriceProblem[] {
  const given = [perTicketMinor, perBookingMinor, percent].filter((amount) => amount !== undefined);
  return [
    ...(given.length === 1
      ? []
      : [{ path, message: 'Give exactly one of perTicketMinor, perBookingMinor and percent.' }]),
    ...(perTicketMinor === undefined ? [] : problemsOfAmount(perTicketMinor, `${path}.perTicketMinor`)),
    ...(perBookingMinor === undefined ? [] : problemsOfAmount(perBookingMinor, `${path}.perBookingMinor`)),
    ...(percent === undefined ? [] : problemsOfPercent(percent, `${path}.percent`)),
  ];
}

const problemsOfTax = ({ percent }: Tax, path: string): PriceProblem[] => problemsOfPercent(percent, `${path}.percent`);

function problemsOfPercent(percent: string, path: string): PriceProblem[] {
  return readPercent(percent) === undefined
    ? [{ path, message: 'A percentage is a plain decimal number from 0 to 100 with up to six decimals, such as 7.7.' }]
    : [];
}
