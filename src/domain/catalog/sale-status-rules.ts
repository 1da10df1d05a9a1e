import type { StoredEventStatus } from './event-status-rules.ts';

export type SaleStatus = 'SCHEDULED' | 'ON_SALE' | 'SOLD_OUT' | 'ENDED' | 'CANCELLED';

/**
 * The status that fans see at `now`, by the database's clock. SOLD_OUT means that no seat can become free again: a
 * held seat still can, so an event whose last seats are held stays ON_SALE. An event whose sale is paused, or which has
 * no date, is SCHEDULED: its sale goes on later.
 */
export function saleStatusAt(
  now: Date,
  event: {
    status: StoredEventStatus;
    salesPaused: boolean;
    onSaleAt: Date;
    offSaleAt: Date;
    available: number;
    held: number;
  },
): SaleStatus {
  if (event.status === 'CANCELLED') return 'CANCELLED';
  if (now >= event.offSaleAt) return 'ENDED';
  if (now < event.onSaleAt) return 'SCHEDULED';
  if (event.available + event.held === 0) return 'SOLD_OUT';
  return event.salesPaused || event.status === 'POSTPONED' ? 'SCHEDULED' : 'ON_SALE';
}
