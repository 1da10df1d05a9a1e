import type { Mutant } from './mutant.ts';

const work = 'src/domain/inventory/inventory-work-rules.ts';

export const allocationMutants: readonly Mutant[] = [
  {
    name: 'allocated-seats-sold-to-all',
    bug: 'a seat of an allocation is sold without a code that opens it',
    edits: [
      {
        file: 'src/domain/inventory/seat-state-rules.ts',
        find: 'opened?.has(allocation) === true));',
        replace: 'opened !== null));',
      },
    ],
  },
  {
    name: 'release-forgets-allocation',
    bug: 'the end of a hold leaves the map without the news that seats went back to their allocation',
    edits: [
      {
        file: work,
        find: 'const own = seats.filter(({ seatNo }) => this.seat(seatNo).allocation !== undefined);',
        replace: 'const own = seats.filter(() => false);',
      },
    ],
  },
  {
    name: 'allocation-takes-held-seats',
    bug: 'an allocation takes seats that are held or booked',
    edits: [
      {
        file: 'src/domain/inventory/seat-allocation-rules.ts',
        find: 'if (taken.length > 0) return',
        replace: 'if (taken.length > 1000) return',
      },
      {
        file: work,
        find: 'const hasBooking = seat.bookingId !== null;',
        replace: 'const hasBooking = false;',
      },
    ],
  },
  {
    name: 'box-office-sells-taken-seats',
    bug: 'the box office sells seats that are held or booked',
    edits: [
      {
        file: 'src/domain/inventory/sell-rules.ts',
        find: 'if (taken.length > 0) return',
        replace: 'if (taken.length > 1000) return',
      },
    ],
  },
  {
    name: 'box-office-ignores-quote',
    bug: 'the box office sells at the price of the moment, although it sent the hash of another quote',
    edits: [
      {
        file: 'src/domain/inventory/sell-rules.ts',
        find: 'command.quoteHash !== undefined && command.quoteHash !== quoted.hash',
        replace: "command.quoteHash === '' && command.quoteHash !== quoted.hash",
      },
    ],
  },
  {
    name: 'code-use-not-counted',
    bug: 'the uses of a code are not written down, so any number of bookings may have it',
    edits: [
      {
        file: 'src/domain/inventory/organizer-writes.ts',
        find: 'allocation.codeUses.size > 0 ?',
        replace: 'allocation.codeUses.size > 1000 ?',
      },
    ],
  },
  {
    name: 'code-use-not-given-back',
    bug: 'a booking that ends without payment keeps its use of a code',
    edits: [
      {
        file: work,
        find: 'if (before.confirmedAtMs === null) this.codes.count(booking, -1);',
        replace: '',
      },
    ],
  },
];
