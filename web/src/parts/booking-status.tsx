import type { KeptBooking } from '../api/kept-tickets.ts';
import { useTexts } from '../texts/texts.ts';

const kinds = {
  CONFIRMED: 'good',
  PENDING_PAYMENT: 'warn',
  PAYMENT_READY: 'warn',
  EXPIRED: 'quiet',
  FAILED: 'bad',
  CANCELLED: 'quiet',
} as const;

export function StatusBadge({ booking: { status } }: { booking: Pick<KeptBooking, 'status'> }) {
  const texts = useTexts();
  return <span className={`badge ${kinds[status]}`}>{texts[status]}</span>;
}
