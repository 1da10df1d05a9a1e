import type { TallyState } from './tally.ts';

/** An event that clients book at. */
export type Stage = {
  readonly eventId: string;
  readonly planId: string;
  readonly seatCount: number;
  /** Few seats and many who want them. */
  readonly isHot: boolean;
};

export type ClientConfig = {
  /** Of its history and its ack log. */
  readonly name: string;
  readonly seed: number;
  readonly historyFolder: string;
  readonly stages: readonly Stage[];
  /** How many callers act at the same time. */
  readonly lanes: number;
  /** All callers together; 0: as fast as they are answered. */
  readonly operationsPerSecond: number;
};

/** To a process of clients: begin; begin nothing new and finish what is under way. */
export type ToClients<Config extends ClientConfig> = { kind: 'begin'; config: Config } | { kind: 'finish' };
export type FromClients =
  | { kind: 'state'; state: TallyState }
  | { kind: 'done'; state: TallyState }
  | { kind: 'failed'; error: string };
