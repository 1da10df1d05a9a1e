import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import type { FreeSeats } from './free-seats-rules.ts';
import type { Party } from './party-rules.ts';

/** What a search for the best seats looks for, and among which seats. */
export type Search = {
  readonly party: Party;
  /** False for the seats of other price levels and sections than the wanted ones. */
  readonly isWanted: (seatNo: number) => boolean;
  /** False for a run of neighbours without a wanted seat. Undefined: each may have one. */
  readonly mayWant?: ((run: number) => boolean) | undefined;
  readonly free: FreeSeats;
  /** Undefined: OFF. */
  readonly policy?: OrphanPolicy | undefined;
};
