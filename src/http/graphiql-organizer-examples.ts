/**
 * The journey of an organizer, one tab a step, after those of the fan. The page fills in `LAST_...` from earlier answers, and
 * `NEW_EMAIL`, `NEW_KEY`, `NOW` and `IN_30_DAYS` itself.
 */
export const organizerExamples: readonly { query: string; variables?: string }[] = [
  {
    query: `# 12. For organizers: from here to an event on sale, each tab is the next step. NEW_EMAIL is another address each time.
# With \`signIn\` in place of \`signUp\` you can be the organizer of the Teatro Municipal, whose password npm start prints.
mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    __typename
    ... on SignUpSuccess { session { accessToken accessTokenExpiresAt refreshToken viewer { id email } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "displayName": "Rita", "email": "NEW_EMAIL", "password": "correct horse battery" } }',
  },
  {
    query: `# 13. An organization, whose owner you become.
mutation CreateOrganization($input: CreateOrganizationInput!) {
  createOrganization(input: $input) {
    __typename
    ... on CreateOrganizationSuccess { organization { id name viewerRole } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "name": "Fado Lisboa", "countryCode": "PT" } }',
  },
  {
    query: `# 14. A venue. It has no seats yet.
mutation CreateVenue($input: CreateVenueInput!) {
  createVenue(input: $input) {
    __typename
    ... on CreateVenueSuccess { venue { id name timeZone capacity } }
    ... on InvalidInput { field message }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "organizationId": "LAST_ORGANIZATION",
    "name": "Casa do Fado",
    "city": "Lisbon",
    "countryCode": "PT",
    "timeZone": "Europe/Lisbon",
    "location": { "latitude": 38.7111, "longitude": -9.1275 }
  }
}`,
  },
  {
    query: `# 15. A place for the file of a seating plan. This makes a file of as many bytes as the variables say:
# (echo section,row,seat; for r in A B C D; do for s in 1 2 3 4 5 6 7 8 9; do echo Hall,$r,$s; done; done) > hall.csv
# Run the tab, then send the file, with \`upload.url\` of the answer at the end:
# curl -X PUT --data-binary @hall.csv -H 'content-type: text/csv' http://localhost:4000/uploads/...
mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    __typename
    ... on CreateUploadSuccess { upload { id url expiresAt } }
    ... on InvalidInput { field message }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "organizationId": "LAST_ORGANIZATION",
    "purpose": "SEATING_PLAN",
    "contentType": "text/csv",
    "bytes": 341
  }
}`,
  },
  {
    query: `# 16. The file becomes a draft. Other formats are SEATSIO, PRETIX and FRONTROW.
mutation ImportSeatingPlan($input: ImportSeatingPlanInput!) {
  importSeatingPlan(input: $input) {
    __typename
    ... on ImportSeatingPlanSuccess {
      seatingPlan { id version status seatCount sections { id label kind } }
      warnings { path message }
    }
    ... on InvalidSeatingPlan { problems { path message } }
    ... on InvalidInput { field message }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "venueId": "LAST_VENUE",
    "uploadId": "LAST_UPLOAD",
    "format": "CSV",
    "name": "Main room"
  }
}`,
  },
  {
    query: `# 17. From now on events can use the plan, and it never changes.
mutation PublishSeatingPlan($input: PublishSeatingPlanInput!) {
  publishSeatingPlan(input: $input) {
    __typename
    ... on PublishSeatingPlanSuccess { seatingPlan { id status layout { url } exports { frontrow csv } } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "seatingPlanId": "LAST_PLAN" } }',
  },
  {
    query: `# 18. An event, as a draft: only members of the organization see it. It is the LAST_EVENT now.
mutation CreateEvent($input: CreateEventInput!) {
  createEvent(input: $input) {
    __typename
    ... on CreateEventSuccess { event { id title status revision startsAt } }
    ... on InvalidInput { field message }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "organizationId": "LAST_ORGANIZATION",
    "venueId": "LAST_VENUE",
    "seatingPlanId": "LAST_PLAN",
    "title": "A Night of Fado",
    "category": "CONCERT",
    "currency": "EUR",
    "startsAt": "IN_30_DAYS",
    "onSaleAt": "NOW",
    "offSaleAt": "IN_30_DAYS",
    "idempotencyKey": "NEW_KEY"
  }
}`,
  },
  {
    query: `# 19. Its prices: a level, two ticket types, a fee, and a tax that the amounts contain. InvalidPrices names all mistakes.
mutation SetPrices($input: SetPricesInput!) {
  setPrices(input: $input) {
    __typename
    ... on SetPricesSuccess { event { id priceTiers { name price { amountMinor currency } fee { amountMinor } } } }
    ... on InvalidPrices { problems { path message } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "eventId": "LAST_EVENT",
    "ticketTypes": [{ "key": "adult", "name": "Adult" }, { "key": "child", "name": "Child", "maxPerBooking": 6 }],
    "priceLevels": [
      {
        "key": "hall",
        "name": "Hall",
        "seats": { "sectionIds": ["LAST_SECTIONS"] },
        "prices": [{ "ticketType": "adult", "amountMinor": 2400 }, { "ticketType": "child", "amountMinor": 900 }]
      }
    ],
    "fees": [{ "name": "Booking fee", "perTicketMinor": 150, "refundable": false }],
    "taxes": [{ "name": "IVA", "percent": "6", "appliesTo": "ALL", "inclusive": true }]
  }
}`,
  },
  {
    query: `# 20. The first row is for friends: blocked for all other fans.
mutation SetAllocation($input: SetAllocationInput!) {
  setAllocation(input: $input) {
    __typename
    ... on SetAllocationSuccess { changed event { allocations { name reason releaseAt seats available } } }
    ... on SeatsUnavailable { seats { row label } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: `{
  "input": {
    "eventId": "LAST_EVENT",
    "allocation": "friends",
    "reason": "They choose first",
    "seats": { "rows": [{ "sectionId": "LAST_SECTION", "row": "A" }] }
  }
}`,
  },
  {
    query: `# 21. A code that opens these seats, ten times. A fan gives it as \`codes\` of createBooking, holdBestAvailable or quote.
mutation CreateCodes($input: CreateCodesInput!) {
  createCodes(input: $input) {
    __typename
    ... on CreateCodesSuccess { codes }
    ... on InvalidInput { field message }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "eventId": "LAST_EVENT", "count": 1, "opens": ["friends"], "usesPerCode": 10 } }',
  },
  {
    query: `# 22. On sale. EventIncomplete names everything that is missing.
mutation PublishEvent($input: EventInput!) {
  publishEvent(input: $input) {
    __typename
    ... on PublishEventSuccess { event { id status saleStatus revision } }
    ... on EventIncomplete { problems { field message } }
    ... on Refusal { code message retry { advice afterSeconds } }
  }
}`,
    variables: '{ "input": { "eventId": "LAST_EVENT" } }',
  },
  {
    query: `# 23. Stay in this tab: the figures of the sale arrive here. To see them change, copy the id of the event into tab 2 of a
# private window, and go on there to the tickets.
subscription WatchSales($eventId: ID!) {
  eventSalesChanged(eventId: $eventId) {
    soldTickets perMinute
    gross { amountMinor currency }
    fees { amountMinor }
    taxes { amountMinor }
    soldByType { name tickets }
  }
}`,
    variables: '{ "eventId": "LAST_EVENT" }',
  },
];
