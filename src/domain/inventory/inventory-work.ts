import type { Origin } from '#events/origin.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import type { Allocation } from './allocate-rules.ts';
import type { InventoryCommand, InventoryOutcome } from './inventory-command.ts';
import type { InboxMark } from './inventory-read-statements.ts';

/**
 * `inbox`: the message that causes the command; it is marked as handled in the transaction of the command's effect.
 * `origin`: the request that submitted it, because one write has commands of many requests.
 */
export type InventoryRequest = {
  readonly command: InventoryCommand;
  readonly inbox?: InboxMark;
  readonly origin?: Origin | undefined;
};

/**
 * The outcome as the rules decided it. A refused hold also gets up to three adjacent blocks of the same size, as of
 * `version`.
 */
export type InventoryAnswer =
  | Exclude<InventoryOutcome, { kind: 'seatsUnavailable' }>
  | {
      readonly kind: 'seatsUnavailable';
      readonly seatNos: readonly number[];
      readonly alternatives: readonly (readonly number[])[];
      readonly version: number;
    };

export type Written = { readonly answers: readonly InventoryAnswer[]; readonly allocation: Allocation | undefined };

/** The requests for one event. */
export type EventWork = {
  readonly eventId: string;
  readonly plan: SeatingPlan;
  readonly requests: readonly InventoryRequest[];
};
