import type { GatewayName } from '../../pricing/payment-gateway.ts';
import type { PriceList } from '../../pricing/price-list.ts';
import { problemsAtGateway } from '../price-lists/gateway-price-rules.ts';

/** `field`: the input field of `createEvent`, or `prices` for the price list. */
export type EventProblem = { readonly field: string; readonly message: string };

export type EventTimes = {
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly doorsAt: Date | null;
  readonly onSaleAt: Date;
  readonly offSaleAt: Date;
};
type Limits = { readonly seatsPerBooking: number | null; readonly seatsPerViewer: number | null };

/** Everything that contradicts itself in the times and limits of an event that fans see. */
export function problemsOfTimes(event: EventTimes & Limits): EventProblem[] {
  const { startsAt, endsAt, doorsAt, onSaleAt, offSaleAt, seatsPerBooking, seatsPerViewer } = event;
  const checks: [boolean, string, string][] = [
    [onSaleAt >= offSaleAt, 'offSaleAt', 'The sale must end after it opens.'],
    [onSaleAt >= (endsAt ?? startsAt), 'onSaleAt', 'The sale must open before the event is over.'],
    [endsAt !== null && endsAt <= startsAt, 'endsAt', 'The event must end after it starts.'],
    [doorsAt !== null && doorsAt > startsAt, 'doorsAt', 'The doors must open before the event starts.'],
    [
      seatsPerBooking !== null && seatsPerViewer !== null && seatsPerViewer < seatsPerBooking,
      'seatsPerViewer',
      'One viewer must be allowed at least as many seats as one booking.',
    ],
  ];
  return checks.flatMap(([isWrong, field, message]) => (isWrong ? [{ field, message }] : []));
}

/** What is sold, at what prices: undefined for an event without a price list. */
export type Offer = {
  readonly list: PriceList | undefined;
  readonly gateway: GatewayName;
  readonly currency: string;
  readonly seatsPerBooking: number;
};
export type PlanFacts = { readonly isPublished: boolean; readonly seatCount: number };

/** Everything that keeps a draft from being published at `now`. */
export function problemsOfDraft(
  event: EventTimes & Limits,
  { now, plan, offer }: { now: Date; plan: PlanFacts; offer: Offer },
): EventProblem[] {
  const problems = problemsOfTimes(event);
  if (event.startsAt <= now) problems.push({ field: 'startsAt', message: 'The event must start in the future.' });
  if (event.offSaleAt <= now) problems.push({ field: 'offSaleAt', message: 'The sale must end in the future.' });
  if (!plan.isPublished)
    problems.push({ field: 'seatingPlanId', message: 'The seating plan must be published first.' });
  else if (plan.seatCount === 0) problems.push({ field: 'seatingPlanId', message: 'The seating plan has no seats.' });
  return [...problems, ...problemsOfOffer(offer)];
}

/** What is wrong with the price list for bookings of at most `seatsPerBooking` seats. */
export function problemsOfOffer({ list, ...terms }: Offer): EventProblem[] {
  const prices = (message: string): EventProblem => ({ field: 'prices', message });
  if (!list) return [prices('The event has no price list. Set it with setPrices.')];
  if (list.levels.length === 0) return [prices('The price list has no price level.')];
  const unpriced = list.levels.filter((level) => level.prices.length === 0);
  if (unpriced.length > 0) return unpriced.map(({ name }) => prices(`The price level ${name} has no price.`));
  return problemsAtGateway(list, terms).map(({ path, message }) => prices(`${path}: ${message}`));
}
