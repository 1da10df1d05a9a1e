import { organizerExamples } from './graphiql-organizer-examples.ts';

/**
 * The journey of a fan, one tab a step, and then that of an organizer. GraphiQL ends a subscription when its tab is left, so no step needs one that runs
 * in another tab. The page fills in `LAST_...` from what earlier tabs were answered, and sends the token along.
 */
export const examples: readonly { query: string; variables?: string }[] = [
  {
    query: `# 1. Find an event near a place. Each tab is the next step: from here to the tickets.
# The next tabs show the first event of this answer: it is their LAST_EVENT. Organizers begin at SignUp, the twelfth tab.
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
    query: `# 2. Look at the event. Any id in place of LAST_EVENT shows another one, which is the LAST_EVENT then.
query ShowEvent($id: ID!) {
  event(id: $id) {
    id title startsAt onSaleAt offSaleAt saleStatus
    venue { name city capacity timeZone }
    priceTiers { name price { amountMinor currency } fee { amountMinor } }
    availability { capacity available held booked }
  }
}`,
    variables: '{ "id": "LAST_EVENT" }',
  },
  {
    query: `# 3. Its seat map: how full the sections are, and some free seats. The first two are the LAST_SEATS of tab 5.
# \`layout.url\` has every seat's place.
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
    variables: '{ "eventId": "LAST_EVENT" }',
  },
  {
    query: `# 4. Sign in. The token goes with every request from here on. To be someone else, run this tab again,
# or paste { "Authorization": "Bearer ..." } into the headers of any one tab.
mutation SignIn {
  signInAsGuest(input: { email: "fan@example.org" }) {
    __typename
    ... on SignInAsGuestSuccess { session { accessToken accessTokenExpiresAt refreshToken viewer { id email } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
  },
  {
    query: `# 5. Hold two seats. NEW_KEY is another key each time; with a key of your own in its place, the same request returns
# the same booking.
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
    "eventId": "LAST_EVENT",
    "seatIds": ["LAST_SEATS"],
    "idempotencyKey": "NEW_KEY"
  }
}`,
  },
  {
    query: `# 6. Watch the booking, and stay in this tab: open payment.url in another browser tab and pay there. The tickets arrive
# here.
subscription WatchBooking($bookingId: ID!) {
  bookingChanged(bookingId: $bookingId) {
    status holdExpiresAt
    payment { status url }
    tickets { id code seat { row label } }
  }
}`,
    variables: '{ "bookingId": "LAST_BOOKING" }',
  },
  {
    query: `# 7. The booking as it is now, and everything you booked.
query ShowBooking($id: ID!) {
  booking(id: $id) {
    status
    total { amountMinor currency }
    seats { seat { row label section { label } } price { amountMinor } fee { amountMinor } }
    tickets { code }
  }
  viewer { email bookings(first: 5) { nodes { id status event { title } } } }
}`,
    variables: '{ "id": "LAST_BOOKING" }',
  },
  {
    query: `# 8. Watch the map change. It runs while this tab is open: leaving the tab ends it. To see seats change, open this page
# in a second browser window and hold seats there.
subscription WatchSeatMap($eventId: ID!) {
  seatMapChanged(eventId: $eventId) {
    __typename
    ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } }
    ... on SeatMapReset { seatMap { version } }
  }
}`,
    variables: '{ "eventId": "LAST_EVENT" }',
  },
  {
    query: `# 9. The final has a waiting room. Join it (signed in, as in 4), then go on in the next tab.
mutation JoinWaitingRoom($input: WaitingRoomInput!) {
  joinWaitingRoom(input: $input) {
    __typename
    ... on JoinWaitingRoomSuccess { place { state position ahead ticket estimate { p50Seconds p90Seconds } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "eventId": "Event_240d90ed-b28a-8823-be98-607fda1fbd14" } }',
  },
  {
    query: `# 10. Stay in this tab until it is YOUR_TURN. The admission goes with your requests from then on: go to the next tab
# within two minutes.
subscription WatchPlace($eventId: ID!) {
  waitingRoomChanged(eventId: $eventId) {
    state position ahead
    estimate { p50Seconds p90Seconds }
    admission { token expiresAt }
  }
}`,
    variables: '{ "eventId": "Event_240d90ed-b28a-8823-be98-607fda1fbd14" }',
  },
  {
    query: `# 11. You are in: the seats of the final, which is the LAST_EVENT now. Tab 5 holds two of them.
query ShowFinal($eventId: ID!) {
  event(id: $eventId) { id title }
  seatMap(eventId: $eventId) {
    version stale
    seats(status: AVAILABLE, first: 6) {
      nodes { seat { id row label section { label } } status price { amountMinor currency } }
    }
  }
}`,
    variables: '{ "eventId": "Event_240d90ed-b28a-8823-be98-607fda1fbd14" }',
  },
  ...organizerExamples,
];
