import { type Money, money } from './follow.ts';

export type Sales = {
  soldTickets: number;
  perMinute: number;
  gross: Money[];
  fees: Money[];
  taxes: Money[];
  soldByType: { name: string; tickets: number }[];
};

export const salesQuery = `subscription ($eventId: ID!) { eventSalesChanged(eventId: $eventId) {
  soldTickets perMinute gross { amountMinor currency } fees { amountMinor currency } taxes { amountMinor currency }
  soldByType { name tickets } } }`;

/** One line of figures. */
export function salesText({ soldTickets, gross, fees, taxes, soldByType }: Sales): string {
  const sum = (amounts: Money[]) => amounts.map(money).join(' + ') || '0';
  const types = soldByType.map(({ name, tickets }) => `, ${tickets} of them ${name}`).join('');
  return `${soldTickets} tickets sold${types}, ${sum(gross)} paid, ${sum(fees)} fees and ${sum(taxes)} tax in it`;
}
