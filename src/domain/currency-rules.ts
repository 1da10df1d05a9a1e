/** The largest integer that JSON and JavaScript carry exactly. Every amount of money is at most this. */
export const MAX_AMOUNT_MINOR = Number.MAX_SAFE_INTEGER;

const codes = (text: string): string[] => text.split(' ');

const ZERO = codes('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF');
const THREE = codes('BHD IQD JOD KWD LYD OMR TND');
const TWO = codes(
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP ' +
    'CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES ' +
    'KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK ' +
    'NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB ' +
    'TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG',
);

/**
 * The decimals of each currency by list one of ISO 4217, as of November 2026: with the Caribbean guilder, without the lev and
 * the guilder of Curaçao. Left out are codes in which no fan can pay: metals, composite units, the test code, and units of
 * account such as CLF.
 *
 * `Intl` is not the source: its data are those of CLDR, which follow the coins in use. CLDR gives HUF, IDR, MGA and a dozen
 * others no decimals, and the answer depends on the version of Node. The packages that have the list have it of 2024.
 */
const DECIMALS: ReadonlyMap<string, number> = new Map(
  [ZERO, [], TWO, THREE].flatMap((group, decimals) => group.map((code) => [code, decimals] as const)),
);

/** All codes of ISO 4217 that a price can have, in alphabetical order. */
export const CURRENCIES: readonly string[] = [...DECIMALS.keys()].sort();

/** True for a code of ISO 4217, in upper case, that a price can have. */
export const isCurrency = (code: string): boolean => DECIMALS.has(code);

/**
 * Returns how many decimals the currency has by ISO 4217: 0 for JPY, 2 for EUR, 3 for KWD. Returns 2 for a code that
 * `isCurrency` refuses, because events that were imported before the check may have one.
 */
export const decimalsOf = (code: string): number => DECIMALS.get(code) ?? 2;

/** Returns the amount in whole units as a plain decimal number: 1250 EUR is "12.50". Exact for every safe integer. */
export function decimalText(amountMinor: number, currency: string): `${number}` {
  const decimals = decimalsOf(currency);
  const sign = amountMinor < 0 ? '-' : '';
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  return `${sign}${whole}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}` as `${number}`;
}

/** Returns the amount as an English reader expects it, with all decimals of the currency: "$12.50", "HUF 12,000.00". */
export function formatMoney(amountMinor: number, currency: string): string {
  const decimals = decimalsOf(currency);
  const format = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  // A text keeps every digit; a quotient of two numbers would not.
  return format.format(decimalText(amountMinor, currency));
}
