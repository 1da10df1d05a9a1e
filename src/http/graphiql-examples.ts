/** The journey of a fan, one tab a step. Later steps want ids that earlier ones answered: paste them over `PASTE_...`. */
export const examples: readonly { query: string; variables?: string }[] = [
  {
    query: `# 1. Find an event near a place. Each tab is the next step: from here to the tickets.
query FindEvents {
  searchEvents(text: "mexico", near: { latitude: 19.43, longitude: -99.13 }, first: 5) {
    totalCount
    degraded
    edges {
      distanceKm
      node { id title startsAt saleStatus priceFrom { amountMinor currency } venue { name city } }
    }
  }
}`,
  },
  {
    query: `# 2. Look at the event.
query ShowEvent($id: ID!) {
  event(id: $id) {
    title startsAt onSaleAt offSaleAt saleStatus
    venue { name city capacity timeZone }
    priceTiers { name price { amountMinor currency } fee { amountMinor } }
    availability { capacity available held booked }
  }
}`,
    variables: '{ "id": "PASTE_EVENT_ID" }',
  },
  {
    query: `# 3. Its seat map: how full the sections are, and some free seats. \`layout.url\` has every seat's place.
query ShowSeatMap($eventId: ID!) {
  seatMap(eventId: $eventId) {
    version asOf stale
    layout { url seatCount }
    sections { section { id label } available priceFrom { amountMinor currency } largestAdjacentBlock }
    seats(status: AVAILABLE, first: 6) {
      nodes { seat { id row label section { label } } status price { amountMinor currency } }
    }
  }
}`,
    variables: '{ "eventId": "PASTE_EVENT_ID" }',
  },
  {
    query: `# 4. Sign in. Put the token into the headers of this and the next tabs: { "Authorization": "Bearer ..." }
mutation SignIn {
  signInAsGuest(input: { email: "fan@example.org" }) {
    __typename
    ... on SignInAsGuestSuccess { session { accessToken accessTokenExpiresAt refreshToken viewer { id email } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
  },
  {
    query: `# 5. Watch the map change (leave it running), then hold seats in the next tab.
subscription WatchSeatMap($eventId: ID!) {
  seatMapChanged(eventId: $eventId) {
    __typename
    ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } }
    ... on SeatMapReset { seatMap { version } }
  }
}`,
    variables: '{ "eventId": "PASTE_EVENT_ID" }',
  },
  {
    query: `# 6. Hold two seats. Sent again with the same key it answers the same booking.
mutation HoldSeats($input: CreateBookingInput!) {
  createBooking(input: $input) {
    __typename
    ... on CreateBookingSuccess { replayed booking { id status holdExpiresAt total { amountMinor currency } } }
    ... on SeatsUnavailable { seats { id } alternatives { seats { id row label } total { amountMinor } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "eventId": "PASTE_EVENT_ID",
    "seatIds": ["PASTE_SEAT_ID", "PASTE_SEAT_ID"],
    "idempotencyKey": "my-first-booking"
  }
}`,
  },
  {
    query: `# 7. Watch the booking: open payment.url when it is there, pay, and the tickets arrive here.
subscription WatchBooking($bookingId: ID!) {
  bookingChanged(bookingId: $bookingId) {
    status holdExpiresAt
    payment { status url }
    tickets { id code seat { row label } }
  }
}`,
    variables: '{ "bookingId": "PASTE_BOOKING_ID" }',
  },
  {
    query: `# 8. The booking as it is now, and everything you booked.
query ShowBooking($id: ID!) {
  booking(id: $id) {
    status
    total { amountMinor currency }
    seats { seat { row label section { label } } price { amountMinor } fee { amountMinor } }
    tickets { code }
  }
  viewer { email bookings(first: 5) { nodes { id status event { title } } } }
}`,
    variables: '{ "id": "PASTE_BOOKING_ID" }',
  },
  {
    query: `# 9. The final has a waiting room. Join it (signed in, as in 4), then go on in the next tab.
mutation JoinWaitingRoom($input: WaitingRoomInput!) {
  joinWaitingRoom(input: $input) {
    __typename
    ... on JoinWaitingRoomSuccess { place { state position ahead estimate { p50Seconds p90Seconds } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "eventId": "Event_240d90ed-b28a-8823-be98-607fda1fbd14" } }',
  },
  {
    query: `# 10. Wait for YOUR_TURN, then add its token to the headers of tab 3 and 6: "Frontrow-Admission": "..."
subscription WatchPlace($eventId: ID!) {
  waitingRoomChanged(eventId: $eventId) {
    state position ahead
    estimate { p50Seconds p90Seconds }
    admission { token expiresAt }
  }
}`,
    variables: '{ "eventId": "Event_240d90ed-b28a-8823-be98-607fda1fbd14" }',
  },
];
