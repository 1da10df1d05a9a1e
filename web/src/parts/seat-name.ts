import { fill } from '../texts/texts.ts';

type SeatNames = { row: string; label: string; section: { label: string } };

/** `Section 101 · Row A · Seat 4`; a place of general admission has no row. */
export function seatName(
  texts: { section: string; row: string; seat: string; place: string },
  seat: SeatNames,
): string {
  const row = seat.row === '' ? [] : [fill(texts.row, seat.row)];
  const place = fill(seat.row === '' ? texts.place : texts.seat, seat.label);
  return [fill(texts.section, seat.section.label), ...row, place].join(' · ');
}
