import type { Db } from '#db/client.ts';
import { SeatsUnavailable } from '../booking/errors.ts';
import { chooseSeats } from '../catalog/price-lists/paint-seats-rules.ts';
import type { SeatSelection } from '../catalog/price-lists/price-list-input.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { mergedRanges } from '../inventory/alternatives-rules.ts';
import type { AllocateCommand, NewAllocation } from '../inventory/inventory-command.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Author } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import { type OrganizerEvent, requireOrganizerEvent } from './organizer-event-queries.ts';

export const setAllocationRefusals = [
  SeatsUnavailable,
  InvalidInput,
  NotFound,
  NotAllowed,
  RateLimited,
  TryAgain,
] as const;

export type SetAllocationNeeds = {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly writer: Pick<InventoryWriter, 'submit' | 'sales'>;
};

export type SetAllocationInput = {
  readonly eventId: string;
  readonly seats: SeatSelection;
  /** Null: the seats go to the public. */
  readonly allocation: string | null;
  /** Undefined: that of the allocation stays. */
  readonly reason?: string | null | undefined;
  /** When what is left goes to the public. Null: never. Undefined: that of the allocation stays. */
  readonly releaseAt?: Date | null | undefined;
};

/**
 * Gives all these seats of an event to an allocation, or to the public, or none of them. Returns how many of them have
 * another allocation now; a seat that is blocked without an allocation stays blocked. Throws one of
 * `setAllocationRefusals`; SeatsUnavailable names all seats that are held or booked.
 */
export async function setAllocation(
  needs: SetAllocationNeeds,
  actor: Actor,
  input: SetAllocationInput,
): Promise<{ eventId: string; changed: number }> {
  const { eventId } = input;
  const asked = { eventId, operation: 'Mutation.setAllocation' } as const;
  return allocateAt(needs, await requireOrganizerEvent(needs, actor, asked), input);
}

/** The same for an author whose right the caller has checked. */
export async function allocateAt(
  needs: Omit<SetAllocationNeeds, 'rights'>,
  { event, author }: { readonly event: OrganizerEvent; readonly author: Author },
  input: SetAllocationInput,
): Promise<{ eventId: string; changed: number }> {
  const { eventId } = input;
  if (event.status === 'CANCELLED') throw new InvalidInput('eventId', 'The event is cancelled.');
  const allocation = await allocationOf(needs, input);
  const plan = await orTryAgain(needs.plans.get(event.planId));
  const { seatNos, problems } = chooseSeats(plan, input.seats);
  const [problem] = problems;
  if (problem) throw new InvalidInput(`seats.${problem.path}`, problem.message);
  if (seatNos.length === 0) throw new InvalidInput('seats', 'Choose at least one seat.');
  const { organizationId, planId } = event;
  const after = { allocation: input.allocation, reason: input.reason, releaseAt: input.releaseAt };
  const change = {
    organizationId,
    operation: 'setAllocation',
    subject: { type: 'Event', id: eventId },
    after: { ...after, seatNos: rangesOf(seatNos) },
  };
  const command: AllocateCommand = { kind: 'allocate', planId, seatNos, allocation, audit: { author, change } };
  return { eventId, changed: await write(needs, eventId, command) };
}

/** The first and the last seat of each run of numbers. */
const rangesOf = (seatNos: readonly number[]): [number, number][] =>
  mergedRanges(seatNos.map((seatNo) => ({ from: seatNo, to: seatNo + 1 }))).map(({ from, to }) => [from, to - 1]);

type WriterNeeds = Pick<SetAllocationNeeds, 'writer'>;

async function write({ writer }: WriterNeeds, eventId: string, command: AllocateCommand): Promise<number> {
  const answer = await writer.submit(eventId, command);
  switch (answer.kind) {
    case 'allocated':
      return answer.changed;
    case 'seatsUnavailable': {
      const message = 'Some of these seats are held or booked, and no seat was changed.';
      throw new SeatsUnavailable({ eventId, ...answer, message });
    }
    case 'noEvent':
      throw new NotFound('event');
    case 'noSeat':
      // The seating plan was changed meanwhile.
      throw new TryAgain(1);
    default:
      throw new Error(`An allocation came to ${answer.kind}.`);
  }
}

async function allocationOf(
  { writer }: WriterNeeds,
  { eventId, allocation, reason, releaseAt }: SetAllocationInput,
): Promise<NewAllocation | null> {
  const why =
    reason === undefined || reason === null ? reason : requireText('reason', 'A reason', reason, { atMost: 200 });
  if (allocation === null) {
    if (releaseAt) throw new InvalidInput('releaseAt', 'Seats of the public have no time at which they are released.');
    return null;
  }
  const name = requireText('allocation', 'The name of an allocation', allocation, { atMost: 60 });
  const nowMs = (await orTryAgain(writer.sales.find(eventId)))?.nowMs() ?? 0;
  if (releaseAt && releaseAt.getTime() <= nowMs) throw new InvalidInput('releaseAt', 'Give a time in the future.');
  return { name, reason: why, releaseAtMs: releaseAt ? releaseAt.getTime() : releaseAt };
}
