/** The documents that fans send. */
export const documents = {
  createBooking: `mutation Hold($input: CreateBookingInput!) { createBooking(input: $input) { __typename
    ... on CreateBookingSuccess { replayed booking { id status total { amountMinor currency } holdExpiresAt seats { seat { seatNo } } } }
    ... on Refusal { code retry { afterSeconds } } ... on SeatsUnavailable { seats { seatNo } } } }`,
  cancelBooking: `mutation Cancel($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
    ... on CancelBookingSuccess { booking { id status } } ... on Refusal { code retry { afterSeconds } } } }`,
  booking: `query Booking($id: ID!) { booking(id: $id) { id status payment { status url } } }`,
  bookings: `query Bookings { viewer { bookings(first: 20) { nodes { id status } pageInfo { hasNextPage } } } }`,
  seatMap: `query SeatMap($eventId: ID!) { seatMap(eventId: $eventId) { version asOf stale statuses } }`,
  search: `query Search($text: String!) { searchEvents(text: $text, first: 3) { degraded totalCount nodes { id } } }`,
  bookingChanged: `subscription Watch($id: ID!) { bookingChanged(bookingId: $id) { id status payment { status } } }`,
} as const;
