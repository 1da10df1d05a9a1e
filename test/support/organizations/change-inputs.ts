import type { SeededEvent } from '#test/support/databases/catalog.ts';

/** A price list with one level, as the input of setPrices. */
export const pricesOf = (eventId: string, sectionId: string) => ({
  eventId,
  ticketTypes: [{ key: 'full', name: 'Full price' }],
  priceLevels: [
    {
      key: 'all',
      name: 'All seats',
      seats: { sectionIds: [sectionId] },
      prices: [{ ticketType: 'full', amountMinor: 5_000 }],
    },
  ],
  fees: [{ name: 'Handling', perBookingMinor: 490, refundable: false }],
  taxes: [],
});

/** A payout of one dollar. */
export const payoutOf = (organizationId: string) => ({
  organizationId,
  amount: { amountMinor: 100, currency: 'USD' },
  reference: 'RF18 5390',
  paidAt: '2026-11-30T12:00:00Z',
  idempotencyKey: 'payout',
});

/** No preview has it. */
const NO_TOKEN = '00000000-0000-4000-8000-000000000000';

/** A request of each mutation of events that would be admitted, in this order. */
export function changesOf(
  { eventId: id, venueId, planId }: Pick<SeededEvent, 'eventId' | 'venueId' | 'planId'>,
  organizationId: string,
) {
  const eventId = `Event_${id}`;
  const place = { organizationId, venueId: `Venue_${venueId}`, seatingPlanId: `SeatingPlan_${planId}` };
  const times = {
    startsAt: '2031-06-11T20:00',
    onSaleAt: '2030-01-01T00:00:00Z',
    offSaleAt: '2031-06-11T00:00:00Z',
  };
  return {
    createEvent: { ...place, ...times, title: 'Evening', category: 'CONCERT', currency: 'USD', idempotencyKey: 'one' },
    updateEvent: { eventId, revision: 1, title: 'Night' },
    duplicateEvent: { eventId, startsAt: ['2031-07-11T20:00'], idempotencyKey: 'series' },
    publishEvent: { eventId },
    pauseSales: { eventId },
    resumeSales: { eventId },
    rescheduleEvent: { eventId, startsAt: null },
    previewEventCancellation: { eventId },
    cancelEvent: { eventId, token: NO_TOKEN, refundFees: true, reason: 'The singer is ill' },
  };
}

/** An input of each mutation of organizers that is well-formed and about nothing that exists. */
export function inputsAboutUnknown(organizationId: string) {
  const events = changesOf({ eventId: 'x', venueId: 'x', planId: 'x' }, organizationId);
  return {
    createOrganization: { name: 'x', countryCode: 'CH' },
    inviteMember: { organizationId, email: 'x@example.org', role: 'READER' },
    acceptInvitation: { token: 'x' },
    changeMember: { organizationId, userId: 'x', role: 'READER' },
    removeMember: { organizationId, userId: 'x' },
    createAccessKey: { organizationId, name: 'x', role: 'READER' },
    revokeAccessKey: { accessKeyId: 'x' },
    createVenue: {
      organizationId,
      name: 'x',
      city: 'x',
      countryCode: 'CH',
      location: { latitude: 0, longitude: 0 },
      timeZone: 'Europe/Zurich',
    },
    updateVenue: { venueId: 'x' },
    setPrices: pricesOf('x', 'x'),
    setAllocation: { eventId: 'x', seats: {} },
    createCodes: { eventId: 'x', count: 1 },
    recordPayout: payoutOf(organizationId),
    sellAtBoxOffice: { eventId: 'x', lines: [], tender: 'CASH', idempotencyKey: 'x' },
    refundTickets: { bookingId: 'x', refundFees: true, reason: 'x', idempotencyKey: 'x' },
    createEvent: { ...events.createEvent, organizationId },
    updateEvent: { ...events.updateEvent, eventId: 'x' },
    duplicateEvent: { ...events.duplicateEvent, eventId: 'x' },
    publishEvent: { eventId: 'x' },
    pauseSales: { eventId: 'x' },
    resumeSales: { eventId: 'x' },
    rescheduleEvent: { eventId: 'x', startsAt: null },
    previewEventCancellation: { eventId: 'x' },
    cancelEvent: { ...events.cancelEvent, eventId: 'x' },
    createUpload: { organizationId, purpose: 'EVENT_IMAGE', contentType: 'image/png', bytes: 1 },
    importSeatingPlan: { venueId: 'x', uploadId: 'x', format: 'CSV', name: 'x' },
    publishSeatingPlan: { seatingPlanId: 'x' },
  };
}
