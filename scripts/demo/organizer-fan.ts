import { randomUUID } from 'node:crypto';
import type { GraphqlClient } from '#processes/dev/graphql-client.ts';
import { follow, type Money, money, openSocket } from './follow.ts';
import type { Steps } from './steps.ts';

type Sale = {
  readonly url: string;
  readonly guest: GraphqlClient;
  readonly eventId: string;
  readonly sectionId: string;
  readonly code: string;
};

type Held = {
  __typename: string;
  message: string;
  booking: {
    id: string;
    total: Money;
    lines: { ticketType: { name: string }; seat: { row: string; label: string }; total: Money }[];
  };
};
const hold = `mutation ($input: HoldBestAvailableInput!) { holdBestAvailable(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id total { amountMinor currency }
    lines { ticketType { name } seat { row label } total { amountMinor currency } } } }
  ... on Refusal { message } } }`;

/** A fan holds two of the school's seats with its code, pays, and gets tickets. Returns their number. */
export async function buyAsFan(sale: Sale, { step }: Steps): Promise<{ tickets: number }> {
  const { url, guest, eventId } = sale;
  const email = 'fan@example.org';
  type SignedIn = { session: { accessToken: string } };
  const { session } = await guest.mutate<SignedIn>('signInAsGuest', { email }, 'session { accessToken }');
  const fan = guest.as(session.accessToken);
  const wanted = { eventId, quantity: 2, ticketType: 'child', sectionIds: [sale.sectionId] };
  const holdWith = async (codes: string[]) => {
    const input = { ...wanted, codes, idempotencyKey: randomUUID() };
    return (await fan.ask<{ holdBestAvailable: Held }>(hold, { input })).holdBestAvailable;
  };
  const refused = await holdWith([]);
  step(`a fan asked for two children's tickets without the code: ${refused.__typename}: ${refused.message}`);
  const { booking, __typename, message } = await holdWith([sale.code]);
  if (!booking) throw new Error(`${__typename}: ${message}`);
  step(
    `with the code the server chose the best two seats and held them for ${money(booking.total)}`,
    ...booking.lines.map(
      ({ ticketType, seat, total }) => `${ticketType.name}: row ${seat.row}, seat ${seat.label}, ${money(total)}`,
    ),
  );
  const socket = openSocket(url, session.accessToken);
  const tickets = await pay(follow<Changed>(socket, watched, { id: booking.id }), { step });
  await socket.dispose();
  return { tickets };
}

type Changed = {
  bookingChanged: {
    status: string;
    payment: { url: string | null };
    tickets: { code: string; ticketType: { name: string } }[];
  };
};
const watched = `subscription ($id: ID!) { bookingChanged(bookingId: $id) {
  status payment { url } tickets { code ticketType { name } } } }`;

async function pay(
  answers: (fits: (answer: Changed) => boolean) => Promise<Changed>,
  { step }: Pick<Steps, 'step'>,
): Promise<number> {
  const ready = await answers(({ bookingChanged }) => bookingChanged.status === 'PAYMENT_READY');
  const page = ready.bookingChanged.payment.url ?? '';
  step(`pushed to the fan: the payment page is open at ${page}`);
  await fetch(page, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }), redirect: 'manual' });
  step('the fan paid at the sandbox gateway');
  const { tickets } = (await answers(({ bookingChanged }) => bookingChanged.status === 'CONFIRMED')).bookingChanged;
  step(
    `pushed to the fan: CONFIRMED with ${tickets.length} tickets`,
    ...tickets.map(({ code, ticketType }) => `${ticketType.name}: ${code.slice(0, 50)}...`),
  );
  return tickets.length;
}
