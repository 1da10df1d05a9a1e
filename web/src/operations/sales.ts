import { graphql } from '../api/graphql.ts';

const MONEY = graphql(`
  fragment Amount on Money { amountMinor currency decimals }
`);

const PRICES = graphql(
  `
  fragment EventPrices on Event {
    id currency
    priceTiers { id name price { ...Amount } }
    priceList {
      seatLevels
      priceLevels { key name color prices { ticketType face { ...Amount } } }
      ticketTypes { key name needsCode boxOfficeOnly maxPerBooking }
      fees { name refundable percent perTicket { ...Amount } perBooking { ...Amount } }
      taxes { name percent inclusive appliesTo }
    }
  }
`,
  [MONEY],
);

/** The event with its plan and prices, for pages about its seats. */
export const EVENT_SEATS = graphql(
  `
  query EventSeats($id: ID!) {
    event(id: $id) {
      ...EventPrices
      title status seatsPerBooking
      venue { id timeZone }
      organization { id name viewerRole }
      seatingPlan { id layout { hash url seatCount } sections { id label kind places } }
    }
  }
`,
  [PRICES],
);

export const SET_PRICES = graphql(
  `
  mutation SetPrices($input: SetPricesInput!) {
    setPrices(input: $input) {
      __typename
      ... on SetPricesSuccess { event { ...EventPrices } }
      ... on InvalidPrices { problems { path message } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [PRICES],
);

export const SELLER_QUOTE = graphql(
  `
  query SellerQuote($eventId: ID!, $lines: [BookingLineInput!]!) {
    quote(eventId: $eventId, lines: $lines, atBoxOffice: true) {
      hash
      lines { ticketType { key name } face { ...Amount } total { ...Amount } fees { name inclusive amount { ...Amount } } taxes { name inclusive amount { ...Amount } } seat { id } section { id } }
      fees { name inclusive amount { ...Amount } }
      taxes { name inclusive amount { ...Amount } }
      total { ...Amount }
    }
  }
`,
  [MONEY],
);

export const SELL = graphql(
  `
  mutation SellAtBoxOffice($input: SellAtBoxOfficeInput!) {
    sellAtBoxOffice(input: $input) {
      __typename
      ... on SellAtBoxOfficeSuccess {
        booking {
          id status tender total { ...Amount } holder { name email }
          tickets { id code ticketType { key name } seat { id row label section { id label } } }
        }
      }
      ... on PriceChanged { quote { hash } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [MONEY],
);

const ALLOCATIONS = graphql(`
  fragment AllocationParts on Event { id allocations { name seats available reason releaseAt } }
`);

export const EVENT_ALLOCATIONS = graphql(
  `
  query EventAllocations($id: ID!) {
    event(id: $id) { ...AllocationParts }
  }
`,
  [ALLOCATIONS],
);

export const SET_ALLOCATION = graphql(
  `
  mutation SetAllocation($input: SetAllocationInput!) {
    setAllocation(input: $input) {
      __typename
      ... on SetAllocationSuccess { changed event { ...AllocationParts } }
      ... on SeatsUnavailable { seats { id row label section { id label } } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [ALLOCATIONS],
);

export const CREATE_CODES = graphql(`
  mutation CreateCodes($input: CreateCodesInput!) {
    createCodes(input: $input) {
      __typename
      ... on CreateCodesSuccess { codes }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const EXPORTS = graphql(`
  query EventExports($id: ID!) {
    event(id: $id) { id exports { bookings { url expiresAt } tickets { url expiresAt } } }
  }
`);
