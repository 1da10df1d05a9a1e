export type StockChange = {
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly changes: readonly { readonly seatNo: number; readonly status: string }[];
};

export const stockSeatTopic = (eventId: string): string => `stock-seats:${eventId}`;
