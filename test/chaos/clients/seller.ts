import type { ClientConfig, Stage } from './protocol.ts';
import type { Notebook, Phase } from './run-clients.ts';

export type OrganizerConfig = ClientConfig & {
  readonly ports: readonly number[];
  readonly tokenPrivateKey: string;
  readonly userId: string;
  /** Later allocations have no end, so that the run can come to rest. */
  readonly endsForMs: number;
  /** The time at which one event is cancelled. */
  readonly callsOffAfterMs: number;
  /** Straight to the booking database. */
  readonly bookingUrl: string;
};

/** What acts at one event with the rights of its organizer. */
export type Seller = {
  readonly config: OrganizerConfig;
  readonly notebook: Notebook;
  readonly phase: Phase;
  readonly token: string;
  readonly stage: Stage;
  readonly index: number;
};
