import { decimalsOf, formatMoney, isCurrency, MAX_AMOUNT_MINOR } from './currency-rules.ts';

/** The gateways that ship, by the names of `PAYMENT_GATEWAY`. */
export const GATEWAYS = ['sandbox', 'stripe'] as const;
type Gateway = (typeof GATEWAYS)[number];

/** What a gateway takes of one currency. Amounts are minor units of ISO 4217, as everywhere in Frontrow. */
export type AmountRule = {
  /** The least and the most that one payment may cost. */
  readonly least: number;
  readonly most: number;
  /** An amount must be a multiple of this. */
  readonly step: number;
};

const codes = (text: string): ReadonlySet<string> => new Set(text.split(' '));

// Stripe's rules: https://docs.stripe.com/currencies, read in November 2026.

/** Stripe takes these in whole units. MGA has two decimals in ISO 4217, the others have none there either. */
const STRIPE_ZERO_DECIMAL = codes('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF');
/** Stripe takes these in thousandths whose last digit is 0. */
const STRIPE_THREE_DECIMAL = codes('BHD JOD KWD OMR TND');
/** Stripe takes these in hundredths that make whole units; ISO 4217 gives them no decimals. */
const STRIPE_WHOLE_HUNDREDS = codes('ISK UGX');
/**
 * All other currencies that Stripe charges, in hundredths. HUF and TWD are among them: only a payout that the merchant
 * makes by hand has to be in whole units there.
 */
const STRIPE_TWO_DECIMAL = codes(
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK ' +
    'DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT ' +
    'LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP ' +
    'PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH USD UYU UZS ' +
    'WST XCD XCG YER ZAR ZMW',
);
/**
 * The least charge by the currency of the bank account. For another currency Stripe compares the converted amount, which
 * only Stripe knows.
 */
const STRIPE_LEAST: ReadonlyMap<string, number> = new Map(
  Object.entries({
    AED: 200,
    AUD: 50,
    BRL: 50,
    CAD: 50,
    CHF: 50,
    CZK: 1_500,
    DKK: 250,
    EUR: 50,
    GBP: 30,
    HKD: 400,
    HUF: 17_500,
    INR: 50,
    JPY: 50,
    MXN: 1_000,
    MYR: 200,
    NOK: 300,
    NZD: 50,
    PLN: 200,
    RON: 200,
    SEK: 300,
    SGD: 50,
    THB: 1_000,
    USD: 50,
  }),
);
/** Stripe takes amounts of up to eight digits, and of up to twelve in IDR. */
const STRIPE_MOST = 99_999_999;
const STRIPE_MOST_IDR = 999_999_999_999;

/** The decimals of Stripe's amounts; undefined for a currency that Stripe does not charge. */
function stripeDecimals(currency: string): number | undefined {
  if (STRIPE_ZERO_DECIMAL.has(currency)) return 0;
  if (STRIPE_THREE_DECIMAL.has(currency)) return 3;
  return STRIPE_TWO_DECIMAL.has(currency) || STRIPE_WHOLE_HUNDREDS.has(currency) ? 2 : undefined;
}

/** How many of Stripe's units one minor unit of ISO 4217 is: 100 for ISK, 0.01 for MGA, 1 for nearly all. */
function stripeUnits(currency: string): number {
  return 10 ** ((stripeDecimals(currency) ?? decimalsOf(currency)) - decimalsOf(currency));
}

/** Returns the amount in Stripe's units: 5,000 ISK are 500,000 there, 50,000.00 MGA are 50,000. */
export function toStripeAmount(amountMinor: number, currency: string): number {
  const units = stripeUnits(currency);
  // A fraction would be refused by Stripe with a reason; no rounding may hide it.
  return units < 1 ? amountMinor / Math.round(1 / units) : amountMinor * units;
}

/** Returns an amount of Stripe in minor units of ISO 4217. */
export function fromStripeAmount(amount: number, currency: string): number {
  const units = stripeUnits(currency);
  return units < 1 ? amount * Math.round(1 / units) : Math.round(amount / units);
}

function stripeRule(currency: string): AmountRule | undefined {
  if (stripeDecimals(currency) === undefined) return undefined;
  const most = fromStripeMost(currency);
  const step = STRIPE_THREE_DECIMAL.has(currency) ? 10 : Math.max(1, Math.round(1 / stripeUnits(currency)));
  return { least: STRIPE_LEAST.get(currency) ?? step, most: most - (most % step), step };
}

function fromStripeMost(currency: string): number {
  const units = stripeUnits(currency);
  return Math.floor((currency === 'IDR' ? STRIPE_MOST_IDR : STRIPE_MOST) / units);
}

/** Twelve digits, so that the sums of the sandbox's ledger stay exact. */
const SANDBOX_MOST = 999_999_999_999;

/** Returns what the gateway takes of this currency; undefined when it does not charge in it. */
export function amountRuleOf(gateway: Gateway, currency: string): AmountRule | undefined {
  if (!isCurrency(currency)) return undefined;
  return gateway === 'stripe' ? stripeRule(currency) : { least: 1, most: SANDBOX_MOST, step: 1 };
}

export type PriceProblem = { readonly field: string; readonly message: string };
export type PriceToCheck = {
  /** The field that a problem names: `prices.Stalls`. */
  readonly field: string;
  /** The parts that may be refunded each on its own: face price, fees, taxes that are added. Minor units. */
  readonly parts: readonly number[];
  /** The parts that a booking pays once. */
  readonly perBooking?: readonly number[];
};
export type PriceCheck = {
  readonly gateway: Gateway;
  readonly currency: string;
  /** The largest number of seats in one payment. */
  readonly seatsPerBooking: number;
  readonly prices: readonly PriceToCheck[];
};

/**
 * Returns why the gateway could not take a payment at these prices, with the field of each problem; nothing when every
 * booking that the limits allow can be paid. A price of zero is not paid at the gateway, so it has no least amount.
 */
export function problemsOfPrices({ gateway, currency, seatsPerBooking, prices }: PriceCheck): PriceProblem[] {
  if (!isCurrency(currency)) return [{ field: 'currency', message: `ISO 4217 has no currency ${currency}` }];
  const rule = amountRuleOf(gateway, currency);
  if (!rule) return [{ field: 'currency', message: `the gateway ${gateway} does not take payments in ${currency}` }];
  return prices.flatMap(({ field, parts, perBooking = [] }) => {
    const message = problemOfPrice({ parts, perBooking }, { rule, gateway, currency, seatsPerBooking });
    return message === undefined ? [] : [{ field, message }];
  });
}

const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

type Terms = { rule: AmountRule; gateway: Gateway; currency: string; seatsPerBooking: number };

function problemOfPrice(
  { parts, perBooking }: { parts: readonly number[]; perBooking: readonly number[] },
  { rule, gateway, currency, seatsPerBooking }: Terms,
): string | undefined {
  const money = (amount: number) => formatMoney(amount, currency).replaceAll('\u00a0', ' ');
  const all = [...parts, ...perBooking];
  const total = sumOf(all);
  if (!all.every((part) => Number.isSafeInteger(part) && part >= 0) || total > MAX_AMOUNT_MINOR)
    return `an amount must be a whole number of minor units from 0 to ${MAX_AMOUNT_MINOR}, fees included`;
  const odd = all.find((part) => part % rule.step !== 0);
  if (odd !== undefined)
    return `${gateway} takes ${currency} only in steps of ${money(rule.step)}, and ${money(odd)} is not one`;
  if (total > 0 && total < rule.least)
    return `a seat costs ${money(total)}, and ${gateway} takes at least ${money(rule.least)} in ${currency}`;
  const most = sumOf(parts) * seatsPerBooking + sumOf(perBooking);
  if (most <= rule.most) return undefined;
  const seats = seatsPerBooking === 1 ? 'a seat costs' : `${seatsPerBooking} seats of one booking cost`;
  return `${seats} ${money(Math.min(most, MAX_AMOUNT_MINOR))}, and ${gateway} takes at most ${money(rule.most)} in ${currency} at once`;
}
