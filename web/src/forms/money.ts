/** How many decimals the currency has. */
export const decimalsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;

/** Reads an amount that a person wrote, such as 12.50 or 12,50. Undefined when it is not one. */
export function minorOf(text: string, decimals: number): number | undefined {
  const [, whole = '', part = ''] = /^(\d{1,12})(?:[.,](\d{0,4}))?$/.exec(text.trim()) ?? [];
  if (whole === '' || part.replace(/0+$/, '').length > decimals) return undefined;
  return Number(whole + part.slice(0, decimals).padEnd(decimals, '0'));
}

/** The amount as a person writes it. */
export const amountText = (minor: number, decimals: number): string => (minor / 10 ** decimals).toFixed(decimals);
