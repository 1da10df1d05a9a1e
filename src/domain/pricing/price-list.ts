/** One way to be admitted: a full ticket, a child, a member. */
export type TicketType = {
  readonly key: string;
  readonly name: string;
  /** Only together with a code that opens it. */
  readonly needsCode?: boolean;
  readonly boxOfficeOnly?: boolean;
  readonly maxPerBooking?: number | undefined;
};

/** Exactly one of the amounts is set. A percentage is of the face price after discounts, as a decimal text: "2.5". */
export type Fee = {
  readonly name: string;
  readonly perTicketMinor?: number | undefined;
  readonly perBookingMinor?: number | undefined;
  readonly percent?: string | undefined;
  readonly refundable: boolean;
};

export type TaxBase = 'FACE' | 'FEES' | 'ALL';

/** `inclusive`: the amounts contain the tax already; otherwise it is added to them. */
export type Tax = {
  readonly name: string;
  readonly percent: string;
  readonly inclusive: boolean;
  readonly appliesTo: TaxBase;
};

/** What seats of one color on the plan cost. */
export type PriceLevel = {
  readonly key: string;
  readonly name: string;
  /** For maps of the seats, such as #2f6fde. */
  readonly color?: string | undefined;
  /** The face price by ticket type. A ticket type without a price is not sold at this level. */
  readonly prices: readonly { readonly ticketType: string; readonly amountMinor: number }[];
  /** Fees per ticket of this level alone, beside those of the list. */
  readonly fees?: readonly Fee[];
};

/** Everything from which a quote follows. Amounts are minor units of `currency`. */
export type PriceList = {
  readonly currency: string;
  /** Charges that follow from a percentage are multiples of this: the gateway's step. */
  readonly step: number;
  readonly levels: readonly PriceLevel[];
  readonly ticketTypes: readonly TicketType[];
  readonly fees: readonly Fee[];
  readonly taxes: readonly Tax[];
};

/** What a code changes: it opens ticket types, and takes a percentage or an amount off each face price. */
export type Code = {
  readonly code: string;
  readonly opens: readonly string[];
  readonly discountPercent?: string | undefined;
  readonly discountMinor?: number | undefined;
};
