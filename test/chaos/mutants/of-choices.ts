import type { Mutant } from './mutant.ts';

/** Bugs in the rules about which seats a fan may have. */
export const choiceMutants: readonly Mutant[] = [
  {
    name: 'single-seat-left',
    bug: 'a choice that leaves a single seat is accepted although its event forbids it',
    edits: [
      {
        file: 'src/domain/inventory/allocate-rules.ts',
        find: 'if (single) return single;',
        replace: '',
      },
    ],
  },
  {
    name: 'highest-places',
    bug: 'who asks for places of general admission gets the highest ones',
    edits: [
      {
        file: 'src/domain/inventory/lowest-places-rules.ts',
        find: 'for (let seatNo = startOf(area); seatNo < area.to; seatNo++) {',
        replace: 'for (let seatNo = area.to - 1; seatNo >= startOf(area); seatNo--) {',
      },
    ],
  },
  {
    name: 'companion-seat-alone',
    bug: 'a companion seat is sold without its wheelchair place',
    edits: [
      {
        file: 'src/domain/booking/create-booking.ts',
        find: 'if (!released) refuseLoneCompanions(plan, seatNos);',
        replace: '',
      },
    ],
  },
];
