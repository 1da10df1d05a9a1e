import type { Classification } from './schema-ownership.ts';

/** Every type that can be fetched by id, and every root field that takes an id or leads to an owned type. */
export const classification: Classification = {
  types: {
    Booking: 'OWNED',
    BookingSeat: 'OWNED',
    Payment: 'OWNED',
    Session: 'OWNED',
    Ticket: 'OWNED',
    User: 'OWNED',
    WaitingRoomPlace: 'OWNED',
    Admission: 'OWNED',
    DrawProof: 'OWNED',
    WaitingRoomStats: 'OWNED',
    EventSales: 'OWNED',
    Organization: 'OWNED',
    Member: 'OWNED',
    AccessKey: 'OWNED',
    Invitation: 'OWNED',
    Upload: 'OWNED',
    Event: 'PUBLIC',
    PriceTier: 'PUBLIC',
    SeatMap: 'PUBLIC',
    WaitingRoom: 'PUBLIC',
    Seat: 'PUBLIC',
    /** Drafts are not: see test/scenarios/seating-plans.e2e.test.ts. */
    SeatingPlan: 'PUBLIC',
    Section: 'PUBLIC',
    Venue: 'PUBLIC',
  },
  roots: {
    'Query.booking': 'OWNED',
    'Query.node': 'OWNED',
    'Query.waitingRoomStats': 'OWNED',
    'Query.event': 'PUBLIC',
    'Query.quote': 'PUBLIC',
    'Query.seatMap': 'PUBLIC',
    'Query.venue': 'PUBLIC',
    'Query.viewer': 'OF_THE_CALLER',
    'Query.drawProof': 'OF_THE_CALLER',
    'Query.waitingRoomPlace': 'OF_THE_CALLER',
    'Mutation.cancelBooking': 'OWNED',
    'Mutation.configureWaitingRoom': 'OWNED',
    'Mutation.openWaitingRoom': 'OWNED',
    'Mutation.pauseWaitingRoom': 'OWNED',
    'Mutation.endWaitingRoom': 'OWNED',
    'Mutation.changeMember': 'OWNED',
    'Mutation.removeMember': 'OWNED',
    'Mutation.inviteMember': 'OWNED',
    'Mutation.createAccessKey': 'OWNED',
    'Mutation.revokeAccessKey': 'OWNED',
    'Mutation.createVenue': 'OWNED',
    'Mutation.updateVenue': 'PUBLIC',
    'Mutation.createUpload': 'OWNED',
    'Mutation.importSeatingPlan': 'PUBLIC',
    'Mutation.publishSeatingPlan': 'PUBLIC',
    'Mutation.setPrices': 'PUBLIC',
    'Mutation.createEvent': 'PUBLIC',
    'Mutation.updateEvent': 'PUBLIC',
    'Mutation.duplicateEvent': 'PUBLIC',
    'Mutation.publishEvent': 'PUBLIC',
    'Mutation.pauseSales': 'PUBLIC',
    'Mutation.resumeSales': 'PUBLIC',
    'Mutation.rescheduleEvent': 'PUBLIC',
    'Mutation.previewEventCancellation': 'PUBLIC',
    'Mutation.cancelEvent': 'PUBLIC',
    'Mutation.setAllocation': 'PUBLIC',
    'Mutation.createCodes': 'PUBLIC',
    'Mutation.sellAtBoxOffice': 'OF_THE_CALLER',
    'Mutation.createOrganization': 'OF_THE_CALLER',
    'Mutation.acceptInvitation': 'OF_THE_CALLER',
    'Mutation.createBooking': 'OF_THE_CALLER',
    'Mutation.holdBestAvailable': 'OF_THE_CALLER',
    'Mutation.joinWaitingRoom': 'OF_THE_CALLER',
    'Mutation.leaveWaitingRoom': 'OF_THE_CALLER',
    'Mutation.refreshSession': 'OF_THE_CALLER',
    'Mutation.resumeGuest': 'OF_THE_CALLER',
    'Mutation.signIn': 'OF_THE_CALLER',
    'Mutation.signInAsGuest': 'OF_THE_CALLER',
    'Mutation.signUp': 'OF_THE_CALLER',
    'Subscription.bookingChanged': 'OWNED',
    'Subscription.waitingRoomStats': 'OWNED',
    'Subscription.eventSalesChanged': 'OWNED',
    'Subscription.waitingRoomChanged': 'OF_THE_CALLER',
    'Subscription.eventChanged': 'PUBLIC',
    'Subscription.seatMapChanged': 'PUBLIC',
  },
};

/** The event, which is public, shows whose waiting room it is. */
const ofEvent = { types: ['WaitingRoomStats'], variables: (id: string) => ({ eventId: id }) };
const managing = { ...ofEvent, variables: (id: string) => ({ input: { eventId: id } }) };

const ofOrganization = (more: object) => ({
  types: ['Organization'],
  variables: (organizationId: string) => ({ input: { organizationId, ...more } }),
});
/** No account has this id: a caller outside the organization does not get so far. */
const member = { userId: 'User_00000000-0000-7000-8000-000000000000' };

/** The variables with which each owned root field requests an object of this id. */
export const owned: Record<string, { types: readonly string[]; variables(id: string): object }> = {
  'Query.booking': { types: ['Booking'], variables: (id) => ({ id }) },
  'Query.node': {
    types: ['Booking', 'Ticket', 'User', 'WaitingRoomPlace', 'Organization', 'AccessKey', 'Invitation', 'Upload'],
    variables: (id) => ({ id }),
  },
  'Mutation.cancelBooking': { types: ['Booking'], variables: (id) => ({ input: { bookingId: id } }) },
  'Subscription.bookingChanged': { types: ['Booking'], variables: (id) => ({ bookingId: id }) },
  'Query.waitingRoomStats': ofEvent,
  'Subscription.waitingRoomStats': ofEvent,
  'Subscription.eventSalesChanged': { types: ['EventSales'], variables: (id) => ({ eventId: id }) },
  'Mutation.configureWaitingRoom': { ...ofEvent, variables: (id) => ({ input: { eventId: id, capacity: 9 } }) },
  'Mutation.openWaitingRoom': managing,
  'Mutation.pauseWaitingRoom': managing,
  'Mutation.endWaitingRoom': managing,
  'Mutation.inviteMember': ofOrganization({ email: 'invited@example.org', role: 'READER' }),
  'Mutation.changeMember': ofOrganization({ ...member, role: 'READER' }),
  'Mutation.removeMember': ofOrganization(member),
  'Mutation.createAccessKey': ofOrganization({ name: 'key', role: 'READER' }),
  'Mutation.createVenue': ofOrganization({
    name: 'Hall',
    city: 'Bern',
    countryCode: 'CH',
    location: { latitude: 46.9, longitude: 7.4 },
    timeZone: 'Europe/Zurich',
  }),
  'Mutation.createUpload': ofOrganization({ purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: 1 }),
  'Mutation.revokeAccessKey': { types: ['AccessKey'], variables: (id) => ({ input: { accessKeyId: id } }) },
};

/** Returns only the caller's own data and takes no id of it, so that no caller can request another's. */
export const withoutId: readonly string[] = ['Session', 'Admission', 'DrawProof'];
