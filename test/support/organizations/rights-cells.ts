import type { OrganizerOperation } from '#domain/organization/rights-rules.ts';

/** What the requests of one cell are about: an organization, an event of it with a waiting room, and what may be changed. */
export type Scene = {
  readonly organizationId: string;
  readonly eventId: string;
  /** Another event, which is cancelled. */
  readonly cancelledEventId: string;
  /** A member who may be changed and removed. */
  readonly otherUserId: string;
  readonly accessKeyId: string;
  readonly venueId: string;
  /** The seating plan of the venue and of the event. */
  readonly seatingPlanId: string;
  /** A seating plan that is not published. */
  readonly draftPlanId: string;
  /** Of a preview of the cancellation of the event. */
  readonly previewToken: string;
  /** An upload with the bytes of a plan of one seat. */
  readonly uploadId: string;
  /** Sections with all seats of the event. */
  readonly sectionIds: readonly string[];
  /** A seat of the event that nothing has. */
  readonly freeSeatId: string;
  /** A booking of the event that the box office has sold. */
  readonly soldBookingId: string;
  /** An address that was not invited yet. */
  readonly email: string;
};

type Request = { readonly query: string; readonly variables: (scene: Scene) => object };

const mutation = (name: string, type: string, input: (scene: Scene) => object): Request => ({
  query: `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Refusal { code } } }`,
  variables: (scene) => ({ input: input(scene) }),
});
const ofOrganization = (selection: string): Request => ({
  query: `query ($id: ID!) { node(id: $id) { __typename ... on Organization { ${selection} } } }`,
  variables: ({ organizationId }) => ({ id: organizationId }),
});
const stats = (kind: 'query' | 'subscription'): Request => ({
  query: `${kind} ($eventId: ID!) { waitingRoomStats(eventId: $eventId) { __typename capacity } }`,
  variables: ({ eventId }) => ({ eventId }),
});
const ofEvent = (selection: string): Request => ({
  query: `query ($id: ID!) { event(id: $id) { __typename ${selection} } }`,
  variables: ({ eventId }) => ({ id: eventId }),
});
const theEvent =
  (more: object = {}) =>
  ({ eventId }: Scene) => ({ eventId, ...more });
const room = ({ eventId }: Scene) => ({ eventId });

/** The request of each operation of the table of rights. */
export const requests: Readonly<Record<OrganizerOperation, Request>> = {
  'Query.node': ofOrganization('name'),
  'Organization.venues': ofOrganization('venues(first: 1) { nodes { name } }'),
  'Organization.events': ofOrganization('events(first: 1) { nodes { title } }'),
  'Event.allocations': ofEvent('allocations { name }'),
  'Event.priceList': ofEvent('priceList { seatLevels }'),
  'Organization.members': ofOrganization('members(first: 1) { nodes { email } }'),
  'Organization.accessKeys': ofOrganization('accessKeys { name }'),
  'Organization.invitations': ofOrganization('invitations { email }'),
  'Mutation.inviteMember': mutation('inviteMember', 'InviteMemberInput', ({ organizationId, email }) => ({
    organizationId,
    email,
    role: 'READER',
  })),
  'Mutation.changeMember': mutation('changeMember', 'ChangeMemberInput', ({ organizationId, otherUserId }) => ({
    organizationId,
    userId: otherUserId,
    role: 'DOOR',
  })),
  'Mutation.removeMember': mutation('removeMember', 'RemoveMemberInput', ({ organizationId, otherUserId }) => ({
    organizationId,
    userId: otherUserId,
  })),
  'Mutation.createAccessKey': mutation('createAccessKey', 'CreateAccessKeyInput', ({ organizationId }) => ({
    organizationId,
    name: 'of a cell',
    role: 'READER',
  })),
  'Mutation.revokeAccessKey': mutation('revokeAccessKey', 'RevokeAccessKeyInput', ({ accessKeyId }) => ({
    accessKeyId,
  })),
  'Mutation.createVenue': mutation('createVenue', 'CreateVenueInput', ({ organizationId }) => ({
    organizationId,
    name: 'Hall',
    city: 'Bern',
    countryCode: 'CH',
    location: { latitude: 46.9, longitude: 7.4 },
    timeZone: 'Europe/Zurich',
  })),
  'Mutation.updateVenue': mutation('updateVenue', 'UpdateVenueInput', ({ venueId }) => ({ venueId, name: 'Hall' })),
  'Mutation.createUpload': mutation('createUpload', 'CreateUploadInput', ({ organizationId }) => ({
    organizationId,
    purpose: 'SEATING_PLAN',
    contentType: 'text/csv',
    bytes: 1,
  })),
  'Mutation.importSeatingPlan': mutation('importSeatingPlan', 'ImportSeatingPlanInput', ({ venueId, uploadId }) => ({
    venueId,
    uploadId,
    format: 'CSV',
    name: 'Plan',
  })),
  'Mutation.publishSeatingPlan': mutation('publishSeatingPlan', 'PublishSeatingPlanInput', ({ draftPlanId }) => ({
    seatingPlanId: draftPlanId,
  })),
  'Mutation.setPrices': mutation('setPrices', 'SetPricesInput', ({ eventId, sectionIds }) => ({
    eventId,
    ticketTypes: [{ key: 'full', name: 'Full price' }],
    priceLevels: [
      { key: 'all', name: 'All', seats: { sectionIds }, prices: [{ ticketType: 'full', amountMinor: 5000 }] },
    ],
    fees: [],
    taxes: [],
  })),
  'Organization.statement': ofOrganization(
    `statement(from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z", currency: "USD") { closing { amountMinor } }`,
  ),
  'Organization.journalExport': ofOrganization(
    `journalExport(from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z", currency: "USD") { url }`,
  ),
  'Mutation.recordPayout': mutation('recordPayout', 'RecordPayoutInput', ({ organizationId, soldBookingId }) => ({
    organizationId,
    amount: { amountMinor: 1, currency: 'USD' },
    reference: 'of a cell',
    paidAt: new Date().toISOString(),
    idempotencyKey: `of ${soldBookingId}`,
  })),
  'Event.revision': ofEvent('revision'),
  'Event.history': ofEvent('history(first: 1) { nodes { operation } }'),
  'Mutation.createEvent': mutation('createEvent', 'CreateEventInput', ({ organizationId, venueId, seatingPlanId }) => ({
    ...{ organizationId, venueId, seatingPlanId, title: 'Of a cell', category: 'OTHER', currency: 'USD' },
    startsAt: '2030-06-11T20:00',
    onSaleAt: '2030-01-01T00:00:00Z',
    offSaleAt: '2030-06-11T00:00:00Z',
  })),
  'Mutation.updateEvent': mutation('updateEvent', 'UpdateEventInput', theEvent({ revision: 1, title: 'Changed' })),
  'Mutation.duplicateEvent': mutation(
    'duplicateEvent',
    'DuplicateEventInput',
    theEvent({ startsAt: ['2030-06-11T20:00'] }),
  ),
  'Mutation.publishEvent': mutation('publishEvent', 'EventInput', theEvent()),
  'Mutation.pauseSales': mutation('pauseSales', 'EventInput', theEvent()),
  'Mutation.resumeSales': mutation('resumeSales', 'EventInput', theEvent()),
  'Mutation.rescheduleEvent': mutation('rescheduleEvent', 'RescheduleEventInput', theEvent({ startsAt: null })),
  'Mutation.previewEventCancellation': mutation('previewEventCancellation', 'EventInput', theEvent()),
  'Mutation.cancelEvent': mutation('cancelEvent', 'CancelEventInput', ({ eventId, previewToken }) => ({
    eventId,
    token: previewToken,
    refundFees: true,
    reason: 'Of a cell',
  })),
  'Mutation.setAllocation': mutation('setAllocation', 'SetAllocationInput', ({ eventId, freeSeatId }) => ({
    eventId,
    seats: { seatIds: [freeSeatId] },
    allocation: 'house',
  })),
  'Mutation.createCodes': mutation('createCodes', 'CreateCodesInput', ({ eventId }) => ({
    eventId,
    count: 1,
    discountPercent: '10',
  })),
  'Query.quote': {
    query: `query ($eventId: ID!, $lines: [BookingLineInput!]!) {
      quote(eventId: $eventId, lines: $lines, atBoxOffice: true) { __typename hash }
    }`,
    variables: ({ eventId, seatingPlanId }) => ({
      eventId,
      lines: [{ seatId: `${seatingPlanId.replace('SeatingPlan', 'Seat')}_0` }],
    }),
  },
  'Mutation.sellAtBoxOffice': mutation('sellAtBoxOffice', 'SellAtBoxOfficeInput', ({ eventId, seatingPlanId }) => ({
    eventId,
    lines: [{ seatId: `${seatingPlanId.replace('SeatingPlan', 'Seat')}_0` }],
    tender: 'CASH',
    idempotencyKey: `at ${eventId}`,
  })),
  'Mutation.refundTickets': mutation('refundTickets', 'RefundTicketsInput', ({ soldBookingId }) => ({
    bookingId: soldBookingId,
    refundFees: true,
    reason: 'Of a cell',
    idempotencyKey: `of ${soldBookingId}`,
  })),
  'Mutation.configureWaitingRoom': mutation('configureWaitingRoom', 'ConfigureWaitingRoomInput', ({ eventId }) => ({
    eventId,
    capacity: 7,
  })),
  'Mutation.openWaitingRoom': mutation('openWaitingRoom', 'WaitingRoomInput', room),
  'Mutation.pauseWaitingRoom': mutation('pauseWaitingRoom', 'WaitingRoomInput', room),
  'Mutation.endWaitingRoom': mutation('endWaitingRoom', 'WaitingRoomInput', room),
  'Event.cancellation': {
    query: 'query ($id: ID!) { event(id: $id) { __typename cancellation { state } } }',
    variables: ({ cancelledEventId }) => ({ id: cancelledEventId }),
  },
  'Subscription.eventCancellationChanged': {
    query: 'subscription ($eventId: ID!) { eventCancellationChanged(eventId: $eventId) { __typename state } }',
    variables: ({ cancelledEventId }) => ({ eventId: cancelledEventId }),
  },
  'Event.exports': ofEvent('exports { bookings { url } tickets { url } }'),
  'Event.sales': ofEvent('sales { soldTickets }'),
  'Subscription.eventSalesChanged': {
    query: 'subscription ($eventId: ID!) { eventSalesChanged(eventId: $eventId) { __typename soldTickets } }',
    variables: ({ eventId }) => ({ eventId }),
  },
  'Query.waitingRoomStats': stats('query'),
  'Subscription.waitingRoomStats': stats('subscription'),
};

export type Outcome = 'ADMITTED' | 'NOT_ALLOWED' | 'NOT_FOUND' | 'UNAUTHENTICATED' | 'NOT_CARRIED';

/** The type that the success of a field has, when it is no Organization. */
const typeNames: Readonly<Record<string, string>> = {
  waitingRoomStats: 'WaitingRoomStats',
  quote: 'Quote',
  eventSalesChanged: 'EventSales',
  eventCancellationChanged: 'EventCancellation',
};

/** What the answer to a request means; the answer itself when it means none of these. */
export function outcomeOf(operation: OrganizerOperation, answer: string): Outcome | string {
  const code = /"code":"(\w+)"/.exec(answer)?.[1];
  if (code === 'UNAUTHENTICATED' || code === 'NOT_ALLOWED' || code === 'NOT_FOUND') return code;
  // The top-level error of a subscription to a room that the caller does not find.
  if (code === 'BAD_REQUEST' && answer.includes('There is no such')) return 'NOT_FOUND';
  if (code === 'BAD_REQUEST' && answer.includes('Subscribe over WebSocket')) return 'NOT_CARRIED';
  if (answer.startsWith('closed 4403 UNAUTHENTICATED')) return 'UNAUTHENTICATED';
  if (code === undefined && answer.includes('null}')) return 'NOT_FOUND';
  return code === undefined && answer.includes(successOf(operation)) ? 'ADMITTED' : answer;
}

function successOf(operation: OrganizerOperation): string {
  const [root = '', field = ''] = operation.split('.');
  if (root === 'Mutation') return `"__typename":"${field.charAt(0).toUpperCase()}${field.slice(1)}Success"`;
  return `"__typename":"${typeNames[field] ?? (root === 'Event' ? 'Event' : 'Organization')}"`;
}
