export type SaleStatus = 'SCHEDULED' | 'ON_SALE' | 'SOLD_OUT' | 'ENDED' | 'CANCELLED';

/**
 * The status that fans see at `now`, by the database's clock. SOLD_OUT means that no seat can become free again: a
 * held seat still can, so an event whose last seats are held stays ON_SALE.
 */
export function saleStatusAt(
  now: Date,
  event: {
    status: 'DRAFT' | 'PUBLISHED' | 'CANCELLED';
    onSaleAt: Date;
    offSaleAt: Date;
    available: number;
    held: number;
  },
): SaleStatus {
  if (event.status === 'CANCELLED') return 'CANCELLED';
  if (now >= event.offSaleAt) return 'ENDED';
  if (now < event.onSaleAt) return 'SCHEDULED';
  return event.available + event.held === 0 ? 'SOLD_OUT' : 'ON_SALE';
}
