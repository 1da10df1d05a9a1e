import type { TallyState } from './tally.ts';

/** A companion seat and its wheelchair place. */
export type CompanionSeat = { readonly seatNo: number; readonly placeNo: number };

/** An event that clients book at. */
export type Stage = {
  readonly eventId: string;
  readonly planId: string;
  readonly seatCount: number;
  /** Few seats that many clients want. */
  readonly isHot: boolean;
  /** The organizer changes its sale while fans buy. */
  readonly isOrganized: boolean;
  /** The organizer cancels it in the middle of the run. */
  readonly isCalledOff?: boolean;
  readonly sectionIds: readonly string[];
  /** The number of its first place of general admission; `seatCount` without one. */
  readonly areaFrom: number;
  /** Its general admission section. */
  readonly areaId: string | undefined;
  readonly companions: readonly CompanionSeat[];
};

export type ClientConfig = {
  /** Of its history and its ack log. */
  readonly name: string;
  readonly seed: number;
  readonly historyFolder: string;
  readonly stages: readonly Stage[];
  /** The number of callers that act at the same time. */
  readonly lanes: number;
  /** All callers together; 0: as fast as they get answers. */
  readonly operationsPerSecond: number;
};

/** To a process of clients: begin; or begin nothing new and finish the work under way. */
export type ToClients<Config extends ClientConfig> = { kind: 'begin'; config: Config } | { kind: 'finish' };
export type FromClients =
  | { kind: 'state'; state: TallyState }
  | { kind: 'done'; state: TallyState }
  | { kind: 'failed'; error: string };
