import { InvalidInput } from '../errors.ts';
import { complimentary, type Quote } from '../pricing/quote-rules.ts';
import { quoteAtBoxOffice } from './command-quote-rules.ts';
import type { InventoryOutcome, SellCommand } from './inventory-command.ts';
import type { InventoryWork } from './inventory-work-rules.ts';
import { lowestPlacesFor } from './lowest-places-rules.ts';

/**
 * Books all these seats at once, also those of allocations, or none of them. The box office sells before the sale has
 * opened, after it has closed and while it is paused, each ticket type, also where a single seat is left. No limit of a
 * fan counts.
 */
export function sell(work: InventoryWork, command: SellCommand): InventoryOutcome {
  const earlier = work.bookingByKey(command);
  if (earlier && earlier.requestHash !== command.requestHash) return { kind: 'keyReused' };
  if (earlier) return { kind: 'sold', booking: earlier, replayed: earlier.id !== command.bookingId };
  const closed = closedFor(work, command);
  if (closed) return closed;
  const placed = withPlaces(work, command);
  if (!placed) return { kind: 'noBestSeats', version: work.version };
  const quoted = quoteFor(work, placed);
  if ('kind' in quoted) return quoted;
  const taken = placed.seatNos.filter((seatNo) => !work.isFree(seatNo, 'ALL'));
  if (taken.length > 0) return { kind: 'seatsUnavailable', seatNos: taken };
  if (command.quoteHash !== undefined && command.quoteHash !== quoted.hash)
    return { kind: 'priceChanged', quote: quoted };
  return work.sell(placed, quoted);
}

function closedFor({ sale, nowMs, rules }: InventoryWork, command: SellCommand): InventoryOutcome | undefined {
  if (sale.status === 'DRAFT') return { kind: 'noEvent' };
  if (sale.planId !== command.planId || command.seatNos.some((seatNo) => rules.levelOf(seatNo) === undefined))
    return { kind: 'noSeat' };
  if (sale.status === 'POSTPONED') return { kind: 'salePaused', why: 'POSTPONED' };
  if (sale.status === 'CANCELLED' || nowMs >= sale.endsAtMs)
    return { kind: 'notOnSale', opensInMs: null, opensAtMs: null };
  return undefined;
}

/** Places of the public come first; those of allocations are taken where it has too few. */
function withPlaces(work: InventoryWork, command: SellCommand): SellCommand | undefined {
  if (!command.areas) return command;
  return lowestPlacesFor(work, command, new Set()) ?? lowestPlacesFor(work, command, 'ALL');
}

function quoteFor(work: InventoryWork, command: SellCommand): Quote | InventoryOutcome {
  try {
    const quoted = quoteAtBoxOffice(work.rules, command);
    return command.sale.tender === 'COMPLIMENTARY' ? complimentary(quoted) : quoted;
  } catch (refusal) {
    // Only this command is refused. The write goes on with the others.
    if (refusal instanceof InvalidInput) return { kind: 'notSold', message: refusal.message };
    throw refusal;
  }
}
