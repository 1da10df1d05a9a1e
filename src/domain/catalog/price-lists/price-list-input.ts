import type { Fee, Tax, TicketType } from '../../pricing/price-list.ts';

/** The union of the three. Ids are raw: a seat is `<plan id>_<seat number>`. */
export type SeatSelection = {
  readonly sectionIds?: readonly string[] | undefined;
  readonly rows?: readonly { readonly sectionId: string; readonly row: string }[] | undefined;
  readonly seatIds?: readonly string[] | undefined;
};

export type PriceLevelInput = {
  readonly key: string;
  readonly name: string;
  readonly color?: string | undefined;
  readonly seats: SeatSelection;
  readonly prices: readonly { readonly ticketType: string; readonly amountMinor: number }[];
};

/** The whole price list of an event. A later level overwrites the earlier ones on its seats. */
export type PriceListInput = {
  readonly priceLevels: readonly PriceLevelInput[];
  /** The first one that every fan may buy is the default. */
  readonly ticketTypes: readonly TicketType[];
  readonly fees: readonly Fee[];
  readonly taxes: readonly Tax[];
};

/** `path`: where in the input, such as `priceLevels[0].prices[1].amountMinor`. */
export type PriceProblem = { readonly path: string; readonly message: string };

/** The longest list of problems; a reader does not need further ones. */
const MOST = 200;

/** Returns the first 200 problems, and how many there are beside them. */
export const firstProblems = (problems: readonly PriceProblem[]): PriceProblem[] =>
  problems.length <= MOST
    ? [...problems]
    : [...problems.slice(0, MOST), { path: '', message: `${problems.length - MOST} further problems` }];
