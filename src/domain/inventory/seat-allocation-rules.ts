import type { AllocateCommand, EndAllocationCommand, InventoryOutcome } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';

/**
 * Gives all these seats to an allocation, or to the public, or none of them when one is held or booked. A seat that is
 * blocked without an allocation stays as it is, and so does one that is where it shall be.
 */
export function allocateSeats(work: InventoryWork, command: AllocateCommand): InventoryOutcome {
  if (work.sale.planId !== command.planId) return { kind: 'noSeat' };
  const { seatNos, allocation } = command;
  const taken = seatNos.filter((seatNo) => hasBooking(work, seatNo));
  if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };
  const moving = seatNos.filter((seatNo) => {
    const seat = work.seat(seatNo);
    return seat.allocation !== allocation?.name && (seat.status === 'AVAILABLE' || seat.allocation !== undefined);
  });
  if (allocation) work.allocations.note(allocation.name, allocation);
  if (moving.length > 0) work.giveTo(allocation?.name, moving);
  return { kind: 'allocated', changed: moving.length };
}

/** Ends an overdue hold of the seat first. */
function hasBooking(work: InventoryWork, seatNo: number): boolean {
  return !work.isFree(seatNo) && work.seat(seatNo).bookingId !== null;
}

/** Gives the seats of an allocation to the public when its time has come; those of a booking when that ends. */
export function endAllocation(work: InventoryWork, { name }: EndAllocationCommand): InventoryOutcome {
  const endsAtMs = work.allocations.endOf(name);
  if (endsAtMs === undefined || endsAtMs === null || endsAtMs > work.nowMs) return { kind: 'allocated', changed: 0 };
  const seatNos = work.seatsOf(name).sort((a, b) => a - b);
  if (seatNos.length > 0) work.giveTo(undefined, seatNos);
  work.allocations.note(name, null);
  return { kind: 'allocated', changed: seatNos.length };
}
