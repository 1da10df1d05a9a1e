import { useMemo } from 'react';
import { useLanguage } from '../texts/texts.ts';

export type Money = { readonly amountMinor: number; readonly currency: string; readonly decimals: number };

/** Amounts, numbers and dates as people of the shown language write them; dates in the zone of the venue. */
export function useFormats() {
  const language = useLanguage();
  return useMemo(() => {
    const date = (options: Intl.DateTimeFormatOptions) => (instant: string, timeZone?: string) =>
      new Intl.DateTimeFormat(language, { ...options, timeZone }).format(new Date(instant));
    return {
      money({ amountMinor, currency, decimals }: Money): string {
        const digits = amountMinor % 10 ** decimals === 0 ? 0 : decimals;
        const style = {
          style: 'currency',
          currency,
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        } as const;
        return new Intl.NumberFormat(language, style).format(amountMinor / 10 ** decimals);
      },
      number: (value: number) => new Intl.NumberFormat(language).format(value),
      country: (code: string) => new Intl.DisplayNames(language, { type: 'region' }).of(code) ?? code,
      dateTime: date({ weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }),
      longDate: date({
        weekday: 'long',
        day: 'numeric',
        month: 'long',
        year: 'numeric',
        hour: 'numeric',
        minute: '2-digit',
      }),
      day: date({ day: 'numeric' }),
      month: date({ month: 'short' }),
      time: date({ hour: 'numeric', minute: '2-digit' }),
      clock: (seconds: number) => {
        const whole = Math.max(0, Math.floor(seconds));
        return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
      },
      names: (names: readonly string[]) => new Intl.ListFormat(language).format(names),
    };
  }, [language]);
}
