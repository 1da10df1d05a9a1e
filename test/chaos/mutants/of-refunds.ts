import type { Mutant } from './mutant.ts';

export const refundMutants: readonly Mutant[] = [
  {
    name: 'refunded-seat-not-freed',
    bug: 'the seat of a refunded ticket stays sold to its booking, and its message says that it is free',
    edits: [
      {
        file: 'src/domain/inventory/inventory-work-rules.ts',
        find: "this.#move(gone, 'AVAILABLE');",
        replace: '',
      },
    ],
  },
  {
    name: 'refunded-ticket-stays-valid',
    bug: 'a refunded ticket is valid after its refund, and its seat stays in its booking',
    edits: [
      {
        file: 'src/domain/inventory/refund-statements.ts',
        find: '.includes(seatNo)) ? [] : note.seatNos,',
        replace: '.includes(seatNo)) ? [] : [],',
      },
    ],
  },
];
