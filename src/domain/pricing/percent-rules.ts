/** Six decimals of a percentage: more than any tax has, and few enough for exact arithmetic. */
const PERCENT = /^(\d{1,3})(?:\.(\d{1,6}))?$/;
const MILLIONTHS = 1_000_000;
const HUNDRED = 100n * BigInt(MILLIONTHS);

/** Returns millionths of a percent; undefined for a text that is not a plain decimal number from 0 to 100. */
export function readPercent(text: string): number | undefined {
  const [, whole, fraction = ''] = PERCENT.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const millionths = Number(whole) * MILLIONTHS + Number(fraction.padEnd(6, '0'));
  return millionths <= 100 * MILLIONTHS ? millionths : undefined;
}

/** @throws Error for a text that `readPercent` does not read; a price list is checked before it is kept */
export function percentOf(text: string): bigint {
  const millionths = readPercent(text);
  if (millionths === undefined) throw new Error(`${text} is not a percentage`);
  return BigInt(millionths);
}

/** Returns the quotient rounded to a multiple of `step`, halves to the even multiple. Nothing is negative. */
export function roundHalfEven(dividend: bigint, divisor: bigint, step = 1): number {
  const unit = divisor * BigInt(step);
  const multiples = dividend / unit;
  const twice = 2n * (dividend - multiples * unit);
  const isUp = twice > unit || (twice === unit && multiples % 2n === 1n);
  return Number(isUp ? multiples + 1n : multiples) * step;
}

/** Returns this percentage of the amount, rounded half to even to a multiple of `step`. */
export function shareOf(amountMinor: number, percent: bigint, step: number): number {
  return roundHalfEven(BigInt(amountMinor) * percent, HUNDRED, step);
}

/** An amount that contains taxes of `rates` in all, of which `percent` is the wanted one. */
export type Inclusive = { readonly amountMinor: number; readonly percent: bigint; readonly rates: bigint };

/**
 * Returns how much of the wanted tax these amounts contain together, rounded once, half to even, to one minor unit: 20 %
 * of 120.00 are 20.00. It is part of the amounts, so it needs no step of the gateway.
 */
export function includedIn(amounts: readonly Inclusive[]): number {
  let [dividend, divisor] = [0n, 1n];
  for (const { amountMinor, percent, rates } of amounts) {
    const whole = HUNDRED + rates;
    dividend = dividend * whole + BigInt(amountMinor) * percent * divisor;
    divisor *= whole;
  }
  return roundHalfEven(dividend, divisor);
}
