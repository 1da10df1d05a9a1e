const refusal = '__typename ... on Refusal { code message retry { advice afterSeconds } }';
const room = 'event { id } waitingRoom { state paused capacity } stats { joined }';
const organization = 'organization { id name countryCode viewerRole }';
const venue = 'venue { id name address city countryCode location { latitude longitude } timeZone capacity }';
const event = 'id title status salesPaused revision startsAt endsAt doorsAt previousStartsAt refundUntil holdSeconds';
const cancellation =
  'cancellation { state bookings tickets done failed refunds { amountMinor currency } refunded { amountMinor } refundFees reason cancelledAt finishedAt previewed { at bookings tickets refunds { amountMinor } } bookingsByHand toRepayByHand { amountMinor } repayments { nodes { bookingId tender reference tickets amount { amountMinor } } } }';
const plan =
  'seatingPlan { id name version status seatCount publishedAt layout { hash url } exports { frontrow csv } sections { id label kind places } }';
const session = 'session { accessToken refreshToken viewer { id } }';
/** Every mutation with a result union, with all fields of each refusal. */
export const mutations = {
  signUp: `mutation ($input: SignUpInput!) { signUp(input: $input) { ${refusal} ... on SignUpSuccess { ${session} } ... on InvalidInput { field } } }`,
  signIn: `mutation ($input: SignInInput!) { signIn(input: $input) { ${refusal} ... on SignInSuccess { ${session} } } }`,
  signInAsGuest: `mutation ($input: SignInAsGuestInput!) { signInAsGuest(input: $input) { ${refusal} ... on ChallengeRequired { kind challenge } ... on SignInAsGuestSuccess { ${session} } } }`,
  refreshSession: `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${refusal} ... on RefreshSessionSuccess { ${session} } } }`,
  recoverGuest: `mutation ($input: RecoverGuestInput!) { recoverGuest(input: $input) { ${refusal} ... on InvalidInput { field } } }`,
  resumeGuest: `mutation ($input: ResumeGuestInput!) { resumeGuest(input: $input) { ${refusal} ... on ResumeGuestSuccess { ${session} } } }`,
  createBooking: `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { ${refusal}
    ... on CreateBookingSuccess { replayed booking { id status } } ... on InvalidInput { field } ... on EventNotOnSale { opensAt }
    ... on TooManySeats { limit } ... on CodeInvalid { value } ... on LeavesSingleSeat { seats { id } alternatives { seats { id } } } ... on CompanionWithoutPlace { seats { id } places { id } } ... on PriceChanged { quote { hash total { amountMinor } } } ... on TooManyUnpaidSeats { of limit } ... on SeatsUnavailable { version seats { id } alternatives { seats { id } total { amountMinor currency } } } } }`,
  cancelBooking: `mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) { ${refusal} ... on CancelBookingSuccess { booking { id status } } } }`,
  joinWaitingRoom: `mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) { ${refusal} ... on EventNotOnSale { opensAt } ... on TooManyPlaces { limit } ... on JoinWaitingRoomSuccess { place { state } } } }`,
  leaveWaitingRoom: `mutation ($input: WaitingRoomInput!) { leaveWaitingRoom(input: $input) { ${refusal} ... on LeaveWaitingRoomSuccess { place { state } } } }`,
  configureWaitingRoom: `mutation ($input: ConfigureWaitingRoomInput!) { configureWaitingRoom(input: $input) { ${refusal} ... on InvalidInput { field } ... on ConfigureWaitingRoomSuccess { ${room} } } }`,
  openWaitingRoom: `mutation ($input: WaitingRoomInput!) { openWaitingRoom(input: $input) { ${refusal} ... on OpenWaitingRoomSuccess { ${room} } } }`,
  pauseWaitingRoom: `mutation ($input: WaitingRoomInput!) { pauseWaitingRoom(input: $input) { ${refusal} ... on PauseWaitingRoomSuccess { ${room} } } }`,
  createOrganization: `mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateOrganizationSuccess { ${organization} } } }`,
  inviteMember: `mutation ($input: InviteMemberInput!) { inviteMember(input: $input) { ${refusal} ... on InvalidInput { field } ... on InviteMemberSuccess { token invitation { id email role expiresAt } } } }`,
  acceptInvitation: `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { ${refusal} ... on InvalidInput { field } ... on AcceptInvitationSuccess { ${organization} } } }`,
  createVenue: `mutation ($input: CreateVenueInput!) { createVenue(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateVenueSuccess { ${venue} } } }`,
  updateVenue: `mutation ($input: UpdateVenueInput!) { updateVenue(input: $input) { ${refusal} ... on InvalidInput { field } ... on UpdateVenueSuccess { ${venue} } } }`,
  createUpload: `mutation ($input: CreateUploadInput!) { createUpload(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateUploadSuccess { upload { id url expiresAt } } } }`,
  importSeatingPlan: `mutation ($input: ImportSeatingPlanInput!) { importSeatingPlan(input: $input) { ${refusal} ... on InvalidInput { field } ... on InvalidSeatingPlan { problems { path message } } ... on ImportSeatingPlanSuccess { ${plan} warnings { path message } } } }`,
  publishSeatingPlan: `mutation ($input: PublishSeatingPlanInput!) { publishSeatingPlan(input: $input) { ${refusal} ... on PublishSeatingPlanSuccess { ${plan} } } }`,
  setAllocation: `mutation ($input: SetAllocationInput!) { setAllocation(input: $input) { ${refusal} ... on InvalidInput { field } ... on SeatsUnavailable { seats { id } } ... on SetAllocationSuccess { changed event { id allocations { name seats available reason releaseAt } } } } }`,
  createCodes: `mutation ($input: CreateCodesInput!) { createCodes(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateCodesSuccess { codes event { id } } } }`,
  recordPayout: `mutation ($input: RecordPayoutInput!) { recordPayout(input: $input) { ${refusal} ... on InvalidInput { field } ... on PayoutTooLarge { available { amountMinor currency } } ... on RecordPayoutSuccess { payout { amount { amountMinor currency } reference paidAt recordedAt } } } }`,
  sellAtBoxOffice: `mutation ($input: SellAtBoxOfficeInput!) { sellAtBoxOffice(input: $input) { ${refusal} ... on InvalidInput { field } ... on EventNotOnSale { opensAt } ... on TooManySeats { limit } ... on CompanionWithoutPlace { seats { id } } ... on PriceChanged { quote { hash } } ... on SeatsUnavailable { seats { id } } ... on SellAtBoxOfficeSuccess { booking { id status tender tenderReference holder { name email } total { amountMinor } tickets { code holderName } } } } }`,
  refundTickets: `mutation ($input: RefundTicketsInput!) { refundTickets(input: $input) { ${refusal} ... on InvalidInput { field } ... on NotRefundable { ticketIds } ... on RefundTicketsSuccess { booking { id status total { amountMinor } refunded { amountMinor } tickets { id code } lines { total { amountMinor } } } refund { id status reason amount { amountMinor currency } tickets { id status ticketType { key } } } } } }`,
  setPrices: `mutation ($input: SetPricesInput!) { setPrices(input: $input) { ${refusal} ... on InvalidInput { field } ... on InvalidPrices { problems { path message } } ... on SetPricesSuccess { event { id priceFrom { amountMinor currency } } } } }`,
  createEvent: `mutation ($input: CreateEventInput!) { createEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateEventSuccess { event { ${event} } } } }`,
  updateEvent: `mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on UpdateEventSuccess { event { ${event} } } ... on EventChanged { event { ${event} } } } }`,
  duplicateEvent: `mutation ($input: DuplicateEventInput!) { duplicateEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on DuplicateEventSuccess { events { ${event} } } } }`,
  publishEvent: `mutation ($input: EventInput!) { publishEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on PublishEventSuccess { event { ${event} } } ... on EventIncomplete { problems { field message } } } }`,
  pauseSales: `mutation ($input: EventInput!) { pauseSales(input: $input) { ${refusal} ... on InvalidInput { field } ... on PauseSalesSuccess { event { ${event} } } } }`,
  resumeSales: `mutation ($input: EventInput!) { resumeSales(input: $input) { ${refusal} ... on InvalidInput { field } ... on ResumeSalesSuccess { event { ${event} } } } }`,
  rescheduleEvent: `mutation ($input: RescheduleEventInput!) { rescheduleEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on RescheduleEventSuccess { event { ${event} } } } }`,
  previewEventCancellation: `mutation ($input: EventInput!) { previewEventCancellation(input: $input) { ${refusal} ... on InvalidInput { field } ... on PreviewEventCancellationSuccess { preview { token bookings tickets refunds { amountMinor currency } refundsWithoutFees { amountMinor } bookingsByHand toRepayByHand { amountMinor } expiresAt } } } }`,
  cancelEvent: `mutation ($input: CancelEventInput!) { cancelEvent(input: $input) { ${refusal} ... on InvalidInput { field } ... on CancelEventSuccess { event { ${event} ${cancellation} } } } }`,
  changeMember: `mutation ($input: ChangeMemberInput!) { changeMember(input: $input) { ${refusal} ... on ChangeMemberSuccess { ${organization} member { userId role } } } }`,
  removeMember: `mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { ${refusal} ... on RemoveMemberSuccess { ${organization} member { userId role } } } }`,
  createAccessKey: `mutation ($input: CreateAccessKeyInput!) { createAccessKey(input: $input) { ${refusal} ... on InvalidInput { field } ... on CreateAccessKeySuccess { secret accessKey { id name role lastUsedAt expiresAt } } } }`,
  revokeAccessKey: `mutation ($input: RevokeAccessKeyInput!) { revokeAccessKey(input: $input) { ${refusal} ... on RevokeAccessKeySuccess { accessKey { id name } } } }`,
  endWaitingRoom: `mutation ($input: WaitingRoomInput!) { endWaitingRoom(input: $input) { ${refusal} ... on EndWaitingRoomSuccess { ${room} } } }`,
} as const;

/** Guests get a challenge, and its verifier is away. */
export const awayTurnstile = {
  GUEST_CHALLENGE: 'turnstile',
  TURNSTILE_SITE_KEY: 'site',
  TURNSTILE_SECRET_KEY: 'secret',
  TURNSTILE_URL: 'http://127.0.0.1:9/siteverify',
};
