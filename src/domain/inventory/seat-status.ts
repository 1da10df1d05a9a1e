/** In the order of their 2-bit codes in a packed seat map. */
export const seatStatuses = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'] as const;
export type SeatStatus = (typeof seatStatuses)[number];

export const seatStatusCode = { AVAILABLE: 0, HELD: 1, BOOKED: 2, BLOCKED: 3 } as const satisfies Record<
  SeatStatus,
  number
>;
