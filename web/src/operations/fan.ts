import { graphql } from '../api/graphql.ts';
import { CARD, MONEY } from './cards.ts';

export const EVENT = graphql(
  `
  query Event($id: ID!) {
    event(id: $id) {
      ...EventCard
      description doorsAt endsAt status previousStartsAt offSaleAt cancellableUntil holdSeconds seatsPerBooking orphanPolicy
      organization { id name }
      priceTiers { id name price { ...MoneyParts } }
      availability { capacity available held booked }
      venue { id address location { latitude longitude } }
    }
  }
`,
  [CARD, MONEY],
);

export const EVENT_CHANGED = graphql(
  `
  subscription EventChanged($id: ID!) {
    eventChanged(eventId: $id) {
      ...EventCard
      status previousStartsAt
      availability { capacity available held booked }
    }
  }
`,
  [CARD],
);

/** Which tickets a fan may choose, also with codes. */
export const TICKET_TYPES = graphql(`
  query TicketTypes($id: ID!, $codes: [String!]) {
    event(id: $id) { id ticketTypes(codes: $codes) { key name } }
  }
`);

export const QUOTE = graphql(
  `
  query Quote($eventId: ID!, $lines: [BookingLineInput!]!, $codes: [String!]) {
    quote(eventId: $eventId, lines: $lines, codes: $codes) {
      hash
      lines { ticketType { key name } total { ...MoneyParts } seat { id } }
      fees { name inclusive amount { ...MoneyParts } }
      taxes { name inclusive amount { ...MoneyParts } }
      total { ...MoneyParts }
    }
  }
`,
  [MONEY],
);

const BOOKING = graphql(
  `
  fragment BookingParts on Booking {
    id status createdAt confirmedAt holdExpiresAt
    event { ...EventCard cancellableUntil doorsAt }
    seats { price { ...MoneyParts } seat { id seatNo row label section { id label kind } } }
    lines { ticketType { key name } total { ...MoneyParts } seat { id row label section { id label } } }
    fees { name inclusive amount { ...MoneyParts } }
    taxes { name inclusive amount { ...MoneyParts } }
    total { ...MoneyParts }
    refunds { id status reason createdAt amount { ...MoneyParts } tickets { id ticketType { key name } seat { id row label section { id label } } } }
    payment { status url refunded { ...MoneyParts } }
    tickets { id code ticketType { key name } seat { id row label section { id label } } }
  }
`,
  [MONEY, CARD],
);

export const BOOKING_BY_ID = graphql(
  `
  query Booking($id: ID!) {
    booking(id: $id) { ...BookingParts }
  }
`,
  [BOOKING],
);

export const BOOKING_CHANGED = graphql(
  `
  subscription BookingChanged($id: ID!) {
    bookingChanged(bookingId: $id) { ...BookingParts }
  }
`,
  [BOOKING],
);

/** The seats that the fan holds now, of any event. */
export const MY_HOLDS = graphql(`
  query MyHolds {
    viewer {
      id
      bookings(first: 20, status: [PENDING_PAYMENT, PAYMENT_READY]) {
        nodes { id status holdExpiresAt event { id } seats { seat { id seatNo } } }
      }
    }
  }
`);

export const MY_BOOKINGS = graphql(
  `
  query MyBookings($after: String) {
    viewer {
      id
      bookings(first: 20, after: $after) {
        nodes {
          id status event { ...EventCard } seats { price { ...MoneyParts } seat { id seatNo } } total { ...MoneyParts }
        }
        pageInfo { endCursor hasNextPage }
      }
    }
  }
`,
  [CARD, MONEY],
);

export const CANCEL = graphql(
  `
  mutation CancelBooking($input: CancelBookingInput!) {
    cancelBooking(input: $input) {
      __typename
      ... on CancelBookingSuccess { booking { ...BookingParts } }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`,
  [BOOKING],
);

const PLACE = graphql(`
  fragment PlaceParts on WaitingRoomPlace {
    id state position ahead ticket
    estimate { p50Seconds p90Seconds }
    admission { token expiresAt }
  }
`);

export const JOIN = graphql(
  `
  mutation JoinWaitingRoom($input: WaitingRoomInput!) {
    joinWaitingRoom(input: $input) {
      __typename
      ... on JoinWaitingRoomSuccess { place { ...PlaceParts } }
      ... on Refusal { code message retry { advice afterSeconds } }
    }
  }
`,
  [PLACE],
);

export const LEAVE = graphql(
  `
  mutation LeaveWaitingRoom($input: WaitingRoomInput!) {
    leaveWaitingRoom(input: $input) {
      __typename
      ... on LeaveWaitingRoomSuccess { place { ...PlaceParts } }
      ... on Refusal { code message }
    }
  }
`,
  [PLACE],
);

export const PLACE_CHANGED = graphql(
  `
  subscription WaitingRoomChanged($eventId: ID!) {
    waitingRoomChanged(eventId: $eventId) { ...PlaceParts }
  }
`,
  [PLACE],
);

export const DRAW_PROOF = graphql(`
  query DrawProof($eventId: ID!) {
    drawProof(eventId: $eventId) { ordinal entries commitment secret position }
  }
`);
