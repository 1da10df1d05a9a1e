import { initGraphQLTada, type ResultOf, type VariablesOf } from 'gql.tada';
// Made from schema.graphql by `gql.tada generate-output`.
import type { introspection } from './graphql-env.d.ts';

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; MinorUnits: number; SeatStatuses: string };
}>();

export const findEvents = graphql(`
  query FindEvents($text: String!, $first: Int) {
    searchEvents(text: $text, first: $first) {
      totalCount
      nodes { id title startsAt priceFrom { amountMinor currency } waitingRoom { id state } }
    }
  }
`);

export const holdSeats = graphql(`
  mutation HoldSeats($input: CreateBookingInput!) {
    createBooking(input: $input) {
      __typename
      ... on CreateBookingSuccess { booking { id status holdExpiresAt } }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`);

/** The title and the start of the first event that is found. */
export const headline = ({ searchEvents }: ResultOf<typeof findEvents>): string | undefined => {
  const [event] = searchEvents.nodes;
  return event && `${event.title}, ${event.startsAt.slice(0, 10)}`;
};

export const seatsToHold = (
  eventId: string,
  seatIds: string[],
  idempotencyKey: string,
): VariablesOf<typeof holdSeats> => ({ input: { eventId, seatIds, idempotencyKey } });

/** What a fan reads about a hold: each member of the union has its own fields. */
export const outcome = ({ createBooking }: ResultOf<typeof holdSeats>): string =>
  createBooking.__typename === 'CreateBookingSuccess'
    ? `held until ${createBooking.booking.holdExpiresAt}`
    : `${createBooking.code}: ${createBooking.retry.advice}`;
