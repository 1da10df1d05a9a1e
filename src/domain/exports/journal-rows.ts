import type { Books, JournalPage, Period } from '../accounting/books.ts';
import { decimalText } from '../currency-rules.ts';
import type { CsvValue } from './csv-rules.ts';

/** The columns of the file, in their order. A debit is positive, a credit negative. */
export const journalColumns: readonly string[] = [
  ...['entry', 'entered', 'occurred', 'kind', 'account', 'name', 'currency', 'amount', 'booking', 'seat', 'refund'],
  'reference',
];

/** The lines of the journal, page by page. */
export async function* journalRowsOf(books: Pick<Books, 'listJournal'>, of: Period): AsyncGenerator<CsvValue[][]> {
  let next: JournalPage['next'];
  do {
    const page: JournalPage = await books.listJournal(of, next);
    yield page.rows.map((row) => [
      ...[row.entryId, row.enteredAt, row.occurredAt, row.kind, row.account, row.name, of.currency],
      ...[decimalText(row.amountMinor, of.currency), row.bookingId, row.seatNo, row.refundId, row.reference],
    ]);
    next = page.next;
  } while (next);
}
