import type { GraphqlClient } from '#processes/dev/graphql-client.ts';
import { type Money, money } from './follow.ts';
import type { Steps } from './steps.ts';

export type Hall = {
  readonly organizationId: string;
  readonly venueId: string;
  readonly seatingPlanId: string;
  readonly sections: readonly string[];
  /** The section that a school gets. */
  readonly schoolSection: string;
};

const DAY_MS = 86_400_000;

/** From the draft of an event to its sale. Returns the event and a code for the seats of a school. */
export async function makeSale(
  api: GraphqlClient,
  hall: Hall,
  { step }: Steps,
): Promise<{ eventId: string; code: string }> {
  const input = eventInput(hall);
  type Draft = { event: { id: string; status: string; startsAt: string } };
  const { event } = await api.mutate<Draft>('createEvent', input, 'event { id status startsAt }');
  const eventId = event.id;
  step(`created ${input.title}: ${event.status}, ${input.startsAt} on the clock of the venue, ${event.startsAt}`);
  type Priced = { event: { priceTiers: { name: string; price: Money; fee: Money }[] } };
  const selection = 'event { priceTiers { name price { amountMinor currency } fee { amountMinor currency } } }';
  const priced = await api.mutate<Priced>('setPrices', { eventId, ...pricesOf(hall) }, selection);
  step(
    'set the prices of two levels, with a child ticket, a fee and a tax',
    ...priced.event.priceTiers.map(
      ({ name, price, fee }) => `${name}: ${money(price)}, of which ${money(fee)} is the fee`,
    ),
  );
  const forSchool = { allocation: 'school', reason: 'Class 3B', seats: { sectionIds: [hall.schoolSection] } };
  const { changed } = await api.mutate<{ changed: number }>('setAllocation', { eventId, ...forSchool }, 'changed');
  step(`gave ${changed} seats to the allocation "${forSchool.allocation}": blocked for all fans without its code`);
  const opening = { eventId, count: 1, opens: [forSchool.allocation], usesPerCode: 10 };
  const { codes } = await api.mutate<{ codes: string[] }>('createCodes', opening, 'codes');
  const code = codes[0] ?? '';
  step(`created a code that opens them for ten bookings: ${code}`);
  type Published = { event: { status: string; saleStatus: string } };
  const published = await api.mutate<Published>('publishEvent', { eventId }, 'event { status saleStatus }');
  step(`published the event: ${published.event.status}, ${published.event.saleStatus}`);
  return { eventId, code };
}

function eventInput({ organizationId, venueId, seatingPlanId }: Hall) {
  const day = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
  return {
    ...{ organizationId, venueId, seatingPlanId },
    title: 'A Night of Fado',
    description: 'Guitarra, viola and two voices.',
    category: 'CONCERT',
    currency: 'EUR',
    startsAt: `${day}T21:00`,
    onSaleAt: new Date(Date.now() - 1_000).toISOString(),
    offSaleAt: `${day}T18:00:00Z`,
  };
}

function pricesOf({ sections, schoolSection }: Hall) {
  const level = (
    key: string,
    name: string,
    sectionIds: readonly string[],
    [adult, child]: readonly [number, number],
  ) => ({
    ...{ key, name, seats: { sectionIds } },
    prices: [
      { ticketType: 'adult', amountMinor: adult },
      { ticketType: 'child', amountMinor: child },
    ],
  });
  return {
    ticketTypes: [
      { key: 'adult', name: 'Adult' },
      { key: 'child', name: 'Child up to 12', maxPerBooking: 8 },
    ],
    priceLevels: [
      level('front', 'Front', [schoolSection], [3_200, 1_200]),
      level(
        'back',
        'Back',
        sections.filter((id) => id !== schoolSection),
        [2_400, 900],
      ),
    ],
    fees: [{ name: 'Booking fee', perTicketMinor: 150, refundable: false }],
    taxes: [{ name: 'IVA', percent: '6', appliesTo: 'ALL', inclusive: true }],
  };
}
