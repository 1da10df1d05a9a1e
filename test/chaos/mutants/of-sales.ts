import type { Mutant } from './mutant.ts';

const sales = 'src/domain/payments/enter-sales.ts';

/** Bugs in what is entered of the box office. */
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
];
