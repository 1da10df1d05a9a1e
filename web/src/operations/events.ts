import { graphql } from '../api/graphql.ts';

/** Everything of an event that its form has. */
const FORM = graphql(`
  fragment EventForm on Event {
    id revision title description category performers status startsAt endsAt doorsAt onSaleAt offSaleAt cancellableUntil
    currency holdSeconds seatsPerBooking seatsPerViewer orphanPolicy imageUrl accessibleReleaseAt previousStartsAt refundUntil
    venue { id name city timeZone }
    seatingPlan { id name status }
  }
`);

export const EVENT_FORM = graphql(
  `
  query EventForm($id: ID!) {
    event(id: $id) { ...EventForm organization { id name viewerRole } }
  }
`,
  [FORM],
);

/** Where an event can take place: each published seating plan of the organization. */
export const PLACES = graphql(`
  query Places($id: ID!) {
    node(id: $id) {
      id
      ... on Organization {
        name viewerRole
        venues(first: 50) {
          nodes { id name city timeZone seatingPlans(first: 20) { nodes { id name status seatCount } } }
        }
      }
    }
  }
`);

export const CREATE_EVENT = graphql(`
  mutation CreateEvent($input: CreateEventInput!) {
    createEvent(input: $input) {
      __typename
      ... on CreateEventSuccess { event { id } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const UPDATE_EVENT = graphql(
  `
  mutation UpdateEvent($input: UpdateEventInput!) {
    updateEvent(input: $input) {
      __typename
      ... on UpdateEventSuccess { event { ...EventForm } }
      ... on EventChanged { event { ...EventForm } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [FORM],
);

export const DUPLICATE = graphql(`
  mutation DuplicateEvent($input: DuplicateEventInput!) {
    duplicateEvent(input: $input) {
      __typename
      ... on DuplicateEventSuccess { events { id title startsAt } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

export const RESCHEDULE = graphql(
  `
  mutation RescheduleEvent($input: RescheduleEventInput!) {
    rescheduleEvent(input: $input) {
      __typename
      ... on RescheduleEventSuccess { event { ...EventForm saleStatus salesPaused } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [FORM],
);

export const PREVIEW_CANCELLATION = graphql(`
  mutation PreviewEventCancellation($input: EventInput!) {
    previewEventCancellation(input: $input) {
      __typename
      ... on PreviewEventCancellationSuccess {
        preview {
          token bookings tickets bookingsByHand expiresAt
          refunds { amountMinor currency decimals }
          refundsWithoutFees { amountMinor currency decimals }
          toRepayByHand { amountMinor currency decimals }
        }
      }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`);

const CANCELLATION = graphql(`
  fragment CancellationParts on EventCancellation {
    state reason cancelledAt finishedAt bookings tickets done failed bookingsByHand
    refunds { amountMinor currency decimals }
    refunded { amountMinor currency decimals }
    toRepayByHand { amountMinor currency decimals }
  }
`);

export const CANCEL_EVENT = graphql(
  `
  mutation CancelEvent($input: CancelEventInput!) {
    cancelEvent(input: $input) {
      __typename
      ... on CancelEventSuccess { event { id status saleStatus cancellation { ...CancellationParts } } }
      ... on InvalidInput { field }
      ... on Refusal { code message }
    }
  }
`,
  [CANCELLATION],
);

export const EVENT_CANCELLATION = graphql(
  `
  query EventCancellation($id: ID!) {
    event(id: $id) { id title status organization { id name viewerRole } cancellation { ...CancellationParts } }
  }
`,
  [CANCELLATION],
);

export const CANCELLATION_CHANGED = graphql(
  `
  subscription EventCancellationChanged($id: ID!) {
    eventCancellationChanged(eventId: $id) { ...CancellationParts }
  }
`,
  [CANCELLATION],
);
