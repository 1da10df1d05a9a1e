import { graphql } from '../api/graphql.ts';

export const MY_ORGANIZATIONS = graphql(`
  query MyOrganizations {
    viewer {
      id
      organizations { id name countryCode viewerRole }
    }
  }
`);

export const CREATE_ORGANIZATION = graphql(`
  mutation CreateOrganization($input: CreateOrganizationInput!) {
    createOrganization(input: $input) {
      __typename
      ... on CreateOrganizationSuccess { organization { id name countryCode viewerRole } }
      ... on Refusal { code message }
    }
  }
`);

export const ORGANIZATION_EVENTS = graphql(`
  query OrganizationEvents($id: ID!, $after: String) {
    node(id: $id) {
      id
      ... on Organization {
        name
        events(first: 30, after: $after) {
          nodes { id title startsAt status saleStatus salesPaused waitingRoom { id state } venue { id name city timeZone } }
          pageInfo { endCursor hasNextPage }
        }
      }
    }
  }
`);

const SALES = graphql(`
  fragment SalesParts on EventSales {
    soldTickets perMinute
    gross { amountMinor currency decimals }
    fees { amountMinor currency decimals }
    taxes { amountMinor currency decimals }
    soldByLevel { key name tickets }
    soldByType { key name tickets }
  }
`);

const MANAGED = graphql(
  `
  fragment ManagedEvent on Event {
    id title startsAt status saleStatus salesPaused imageUrl category
    availability { capacity available held booked }
    venue { id name city timeZone }
    waitingRoom { id state paused capacity }
  }
`,
);

export const MANAGED_EVENT = graphql(
  `
  query ManagedEvent($id: ID!) {
    event(id: $id) { ...ManagedEvent organization { id name viewerRole } sales { ...SalesParts } }
  }
`,
  [MANAGED, SALES],
);

export const MANAGED_EVENT_CHANGED = graphql(
  `
  subscription ManagedEventChanged($id: ID!) {
    eventChanged(eventId: $id) { ...ManagedEvent }
  }
`,
  [MANAGED],
);

export const SALES_CHANGED = graphql(
  `
  subscription SalesChanged($id: ID!) {
    eventSalesChanged(eventId: $id) { ...SalesParts }
  }
`,
  [SALES],
);

export const PUBLISH = graphql(
  `
  mutation PublishEvent($input: EventInput!) {
    publishEvent(input: $input) {
      __typename
      ... on PublishEventSuccess { event { ...ManagedEvent } }
      ... on EventIncomplete { problems { field message } }
      ... on Refusal { code message }
    }
  }
`,
  [MANAGED],
);

export const PAUSE = graphql(
  `
  mutation PauseSales($input: EventInput!) {
    pauseSales(input: $input) {
      __typename
      ... on PauseSalesSuccess { event { ...ManagedEvent } }
      ... on Refusal { code message }
    }
  }
`,
  [MANAGED],
);

export const RESUME = graphql(
  `
  mutation ResumeSales($input: EventInput!) {
    resumeSales(input: $input) {
      __typename
      ... on ResumeSalesSuccess { event { ...ManagedEvent } }
      ... on Refusal { code message }
    }
  }
`,
  [MANAGED],
);

export const ROOM_STATS = graphql(`
  subscription RoomStats($eventId: ID!) {
    waitingRoomStats(eventId: $eventId) {
      state paused capacity joined waiting inside missed admittedPerMinute
    }
  }
`);

const ROOM = graphql(`
  fragment RoomParts on WaitingRoom { id state paused capacity }
`);

export const OPEN_ROOM = graphql(
  `
  mutation OpenRoom($input: WaitingRoomInput!) {
    openWaitingRoom(input: $input) {
      __typename
      ... on OpenWaitingRoomSuccess { waitingRoom { ...RoomParts } }
      ... on Refusal { code message }
    }
  }
`,
  [ROOM],
);

export const PAUSE_ROOM = graphql(
  `
  mutation PauseRoom($input: WaitingRoomInput!) {
    pauseWaitingRoom(input: $input) {
      __typename
      ... on PauseWaitingRoomSuccess { waitingRoom { ...RoomParts } }
      ... on Refusal { code message }
    }
  }
`,
  [ROOM],
);

export const END_ROOM = graphql(
  `
  mutation EndRoom($input: WaitingRoomInput!) {
    endWaitingRoom(input: $input) {
      __typename
      ... on EndWaitingRoomSuccess { waitingRoom { ...RoomParts } }
      ... on Refusal { code message }
    }
  }
`,
  [ROOM],
);
