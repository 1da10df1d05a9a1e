import type { AccessTokens } from '#domain/account/access-tokens.ts';
import type { EndedSessions } from '#domain/account/ended-sessions.ts';
import type { Books } from '#domain/accounting/books.ts';
import type { createCodes } from '#domain/allocation/create-codes.ts';
import type { sellAtBoxOffice } from '#domain/allocation/sell-at-box-office.ts';
import type { setAllocation } from '#domain/allocation/set-allocation.ts';
import type { cancelBooking } from '#domain/booking/cancel-booking.ts';
import type { createBooking } from '#domain/booking/create-booking.ts';
import type { watchBooking } from '#domain/booking/watch-booking.ts';
import type { cancelEvent } from '#domain/cancellation/cancel-event.ts';
import type { watchCancellation } from '#domain/cancellation/watch-cancellation.ts';
import type { CatalogReads } from '#domain/catalog/catalog-reads.ts';
import type { CatalogSearch } from '#domain/catalog/catalog-search.ts';
import type { EventCache } from '#domain/catalog/event-cache.ts';
import type { findEvents } from '#domain/catalog/event-queries.ts';
import type { importSeatingPlan } from '#domain/catalog/import-seating-plan.ts';
import type { searchEvents } from '#domain/catalog/search-events.ts';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { suggestEvents } from '#domain/catalog/suggest-events.ts';
import type { watchEvent } from '#domain/catalog/watch-event.ts';
import type { EventExports } from '#domain/exports/event-exports.ts';
import type { AddressKeys } from '#domain/hoarding/address-keys.ts';
import type { GuestChallenge } from '#domain/hoarding/guest-challenge.ts';
import type { getSeatMap } from '#domain/inventory/get-seat-map.ts';
import type { acceptInvitation } from '#domain/organization/accept-invitation.ts';
import type { AccessKeys } from '#domain/organization/access-keys.ts';
import type { PriceLists } from '#domain/pricing/price-lists.ts';
import type { refundTickets } from '#domain/refunds/refund-tickets.ts';
import type { AccessKeyCaller, Viewer } from '#domain/viewer.ts';
import type { AdmissionTokens } from '#domain/waiting-room/admission-tokens.ts';
import type { requireAdmission } from '#domain/waiting-room/admissions.ts';
import type { configureWaitingRoom } from '#domain/waiting-room/configure-waiting-room.ts';
import type { joinWaitingRoom } from '#domain/waiting-room/join-waiting-room.ts';
import type { leaveWaitingRoom } from '#domain/waiting-room/leave-waiting-room.ts';
import type { watchPlace } from '#domain/waiting-room/watch-place.ts';
import type { watchRoomStats } from '#domain/waiting-room/watch-room-stats.ts';
import type { Loaders } from './loaders.ts';

type Needs<DomainCall extends (needs: never, ...rest: never[]) => unknown> = Parameters<DomainCall>[0];

/** The handles that resolvers pass to the domain operations: only those that an operation needs. */
export type Resources = Needs<typeof findEvents> &
  Needs<typeof searchEvents> &
  Needs<typeof suggestEvents> &
  Needs<typeof getSeatMap> &
  Needs<typeof watchEvent> &
  Needs<typeof createBooking> &
  Needs<typeof cancelBooking> &
  Needs<typeof watchBooking> &
  Needs<typeof requireAdmission> &
  Needs<typeof setAllocation> &
  Needs<typeof sellAtBoxOffice> &
  Needs<typeof refundTickets> &
  Needs<typeof createCodes> &
  Needs<typeof cancelEvent> &
  Needs<typeof watchCancellation> &
  Needs<typeof joinWaitingRoom> &
  Needs<typeof leaveWaitingRoom> &
  Needs<typeof watchPlace> &
  Needs<typeof configureWaitingRoom> &
  Needs<typeof watchRoomStats> &
  Needs<typeof acceptInvitation> &
  Needs<typeof importSeatingPlan> & {
    accessKeys: AccessKeys;
    addressKeys: AddressKeys;
    guestChallenge: GuestChallenge | undefined;
    admissionTokens: AdmissionTokens;
    catalogReads: CatalogReads;
    eventCache: EventCache;
    books: Books;
    eventExports: EventExports;
    search: Pick<CatalogSearch, 'eventsOf'>;
    tokens: AccessTokens;
    endedSessions: EndedSessions;
    plans: SeatingPlanCache;
    priceLists: PriceLists;
  };

/** The operations with a rate limit of their own, in addition to the limit on all requests. */
export type LimitedOperation =
  | 'signUp'
  | 'signIn'
  | 'signInAsGuest'
  | 'refreshSession'
  | 'recoverGuest'
  | 'resumeGuest'
  | 'createBooking'
  | 'giveCodes'
  | 'cancelBooking'
  | 'joinWaitingRoom'
  | 'leaveWaitingRoom'
  | 'configureWaitingRoom'
  | 'openWaitingRoom'
  | 'pauseWaitingRoom'
  | 'endWaitingRoom'
  | 'createVenue'
  | 'updateVenue'
  | 'createUpload'
  | 'importSeatingPlan'
  | 'publishSeatingPlan'
  | 'setPrices'
  | 'createEvent'
  | 'updateEvent'
  | 'duplicateEvent'
  | 'publishEvent'
  | 'pauseSales'
  | 'resumeSales'
  | 'rescheduleEvent'
  | 'previewEventCancellation'
  | 'cancelEvent'
  | 'setAllocation'
  | 'createCodes'
  | 'sellAtBoxOffice'
  | 'refundTickets'
  | 'recordPayout'
  | 'createOrganization'
  | 'inviteMember'
  | 'acceptInvitation'
  | 'changeMember'
  | 'removeMember'
  | 'createAccessKey'
  | 'revokeAccessKey';

export type Context = {
  /** From the access token only; undefined for a caller who is not signed in. */
  readonly viewer: Viewer | undefined;
  /** Set for a server with an access key, which has no viewer. */
  readonly accessKey: AccessKeyCaller | undefined;
  /** The proof that a waiting room admitted the viewer, if the client sent one. */
  readonly admission: string | undefined;
  /** The ticket of the viewer's place in a waiting room, if the client sent one. */
  readonly place: string | undefined;
  /** Returns a keyed hash of the caller's address; undefined for a caller without an address. */
  readonly addressKey: () => string | undefined;
  readonly resources: Resources;
  /** Each request has its own loaders. */
  readonly loaders: Loaders;
  /**
   * Runs `work` within the caller's budget for this operation, and within the budget of `subject`, the e-mail address
   * that the operation is about. Records a refusal for the log. Throws RateLimited.
   */
  readonly attempt: <T>(operation: LimitedOperation, work: () => Promise<T>, subject?: string) => Promise<T>;
};
