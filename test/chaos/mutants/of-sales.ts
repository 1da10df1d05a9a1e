import type { Mutant } from './mutant.ts';

const sales = 'src/domain/payments/enter-sales.ts';

/** Bugs in what is entered of the box office, in payouts and in statements. */
export const salesMutants: readonly Mutant[] = [
  {
    name: 'cash-entered-as-card',
    bug: 'a sale in cash is entered in the account of the card terminal',
    edits: [{ file: sales, find: "CASH: 'cash_drawer',", replace: "CASH: 'card_terminal'," }],
  },
  {
    name: 'hand-refund-added',
    bug: 'what the box office gave back is added to what it took',
    edits: [{ file: sales, find: 'minor: -amountMinor }', replace: 'minor: amountMinor }' }],
  },
  {
    name: 'sale-forgotten',
    bug: 'payments takes a sale of the box office for a booking that was paid online',
    edits: [{ file: sales, find: 'if (!sale) return;', replace: "if (!sale || sale.tender === 'CASH') return;" }],
  },
  {
    name: 'payout-key-forgotten',
    bug: 'a payout is entered again under the key that it had',
    vehicle: 'books',
    edits: [
      {
        file: 'src/domain/payments/record-payout.ts',
        find: 'request.idempotencyKey}, $',
        replace: 'id}, $',
      },
    ],
  },
  {
    name: 'statement-without-its-first-day',
    bug: 'a statement leaves out the entry with which its period begins',
    vehicle: 'books',
    edits: [
      {
        file: 'src/domain/payments/read-statement.ts',
        find: 'select e.kind, e.entered_at < ',
        replace: 'select e.kind, e.entered_at <= ',
      },
    ],
  },
  {
    name: 'repeated-sale-entered',
    bug: 'a second message of a sale is entered as a sale of its own',
    vehicle: 'books',
    edits: [
      { file: sales, find: 'if (inserted.length === 0) return;', replace: '' },
      { file: sales, find: "{bookingId}`, kind: 'SALE',", replace: "{messageId}`, kind: 'SALE'," },
    ],
  },
];
