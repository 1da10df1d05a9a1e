import { InvalidInput } from '../../errors.ts';
import { amountRuleOf, problemsOfPrices } from '../../gateway-amount-rules.ts';
import type { GatewayName } from '../../pricing/payment-gateway.ts';
import type { Code, PriceList } from '../../pricing/price-list.ts';
import { type Charge, openPrices, type Prices, quote } from '../../pricing/quote-rules.ts';
import type { PriceProblem } from './price-list-input.ts';

export type GatewayTerms = {
  readonly gateway: GatewayName;
  readonly currency: string;
  /** The largest number of tickets in one booking. */
  readonly seatsPerBooking: number;
};

/** Returns of what every amount must be a multiple; 1 for a currency that the gateway does not take. */
export const stepOf = ({ gateway, currency }: GatewayTerms): number => amountRuleOf(gateway, currency)?.step ?? 1;

/**
 * Returns what the gateway could not take: the currency, an amount that is not in its steps, a booking of one ticket that costs
 * too little, the largest booking when it costs too much.
 *
 * @param codes change the prices of every booking
 */
export function problemsAtGateway(list: PriceList, terms: GatewayTerms, codes: readonly Code[] = []): PriceProblem[] {
  const prices = openPrices(list);
  const perBooking = new Map(list.ticketTypes.map(({ key, maxPerBooking }) => [key, maxPerBooking]));
  const problems = list.levels.flatMap((level, index) =>
    level.prices.flatMap(({ ticketType }, at) => {
      const most = Math.min(terms.seatsPerBooking, perBooking.get(ticketType) ?? terms.seatsPerBooking);
      const path = `priceLevels[${index}].prices[${at}].amountMinor`;
      return problemsOfTicket(
        prices,
        { level: level.key, ticketType, path, codes },
        { ...terms, seatsPerBooking: most },
      );
    }),
  );
  // The same for every price, when the gateway does not take the currency.
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}

type Ticket = {
  readonly level: string;
  readonly ticketType: string;
  readonly path: string;
  readonly codes: readonly Code[];
};

function problemsOfTicket(
  prices: Prices,
  { level, ticketType, path, codes }: Ticket,
  terms: GatewayTerms,
): PriceProblem[] {
  try {
    const { lines, fees, taxes } = quote(prices, { lines: [{ seat: 0, level, ticketType }], codes, atBoxOffice: true });
    const parts = lines.flatMap((line) => [line.faceMinor, ...added(line.fees), ...added(line.taxes)]);
    const check = { field: path, parts, perBooking: [...added(fees), ...added(taxes)] };
    return problemsOfPrices({ ...terms, prices: [check] }).map(({ field, message }) => ({ path: field, message }));
  } catch (refusal) {
    if (refusal instanceof InvalidInput) return [{ path, message: refusal.message }];
    throw refusal;
  }
}

const added = (charges: readonly Charge[]): number[] =>
  charges.filter(({ inclusive }) => !inclusive).map(({ amountMinor }) => amountMinor);
