/** How a booking was paid at the box office. COMPLIMENTARY: it was given away. */
export const tenders = ['CASH', 'CARD_TERMINAL', 'INVOICE', 'COMPLIMENTARY'] as const;
export type Tender = (typeof tenders)[number];

/** What a booking keeps of its sale at the box office. */
export type TenderNote = {
  readonly tender: Tender;
  /** Of a receipt, an invoice, or the reason of a gift. */
  readonly tenderReference: string | null;
  readonly holderName: string | null;
  readonly holderEmail: string | null;
};
