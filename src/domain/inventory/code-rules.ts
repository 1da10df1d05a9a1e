import type { Code } from '../pricing/price-list.ts';

/** A code as a caller gave it. `hash` names it among the codes of its event; see `givenCodes`. */
export type GivenCode = { readonly text: string; readonly hash: string };

/** A code of an event, as one write has read it. */
export type CodeState = {
  readonly id: string;
  readonly hash: string;
  /** Names of allocations and keys of ticket types. */
  readonly opens: readonly string[];
  readonly discountPercent: string | null;
  readonly discountMinor: number | null;
  readonly usesPerCode: number;
  /** Bookings with the code that wait for payment, or were paid. */
  readonly uses: number;
  readonly validFromMs: number | null;
  readonly validUntilMs: number | null;
};

/** A booking has at most so many codes. */
export const MOST_CODES = 5;

export const isValidAt = ({ validFromMs, validUntilMs }: CodeState, nowMs: number): boolean =>
  (validFromMs === null || nowMs >= validFromMs) && (validUntilMs === null || nowMs < validUntilMs);

/** What a code changes in a quote. */
export const pricedCode = ({ hash, opens, discountPercent, discountMinor }: CodeState): Code => ({
  code: hash,
  opens,
  discountPercent: discountPercent ?? undefined,
  discountMinor: discountMinor ?? undefined,
});

/** What these codes open, of allocations and ticket types together. */
export const openedBy = (codes: readonly CodeState[]): ReadonlySet<string> =>
  codes.length === 0 ? NOTHING : new Set(codes.flatMap(({ opens }) => opens));
const NOTHING: ReadonlySet<string> = new Set();
