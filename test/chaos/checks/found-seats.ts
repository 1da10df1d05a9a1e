import type { HistoryRecord, HoldRecord, SaleRecord } from '../history.ts';
import { ownerOf } from './requests.ts';

/**
 * The history with the seats of holds and sales for which the server chose them: those of an answer to one of its attempts, else
 * those of the booking that the database has for it.
 *
 * @param sold by `ownerOf`
 */
export function withFoundSeats(
  history: readonly HistoryRecord[],
  sold: ReadonlyMap<string, readonly number[]> = new Map(),
): readonly HistoryRecord[] {
  const isOpen = (record: HistoryRecord): record is HoldRecord | SaleRecord =>
    (record.kind === 'hold' || record.kind === 'sale') && record.seats.length === 0;
  if (!history.some(isOpen)) return history;
  const found = new Map(sold);
  for (const record of history)
    if (isOpen(record) && record.answer) found.set(ownerOf(record.user, record.key), record.answer.seats);
  return history.map((record) =>
    isOpen(record) ? { ...record, seats: found.get(ownerOf(record.user, record.key)) ?? [] } : record,
  );
}
