/** The operations that the client sends, for a list of trusted documents. */

export const EVENT = `query FrontrowSeatMapEvent($eventId: ID!) {
  event(id: $eventId) { id title seatsPerBooking orphanPolicy priceTiers { id name price { amountMinor currency decimals } } }
}`;

export const SEAT_MAP = `query FrontrowSeatMap($eventId: ID!) {
  seatMap(eventId: $eventId) {
    id version stale statuses layout { url } sections { section { id } priceFrom { amountMinor currency decimals } }
  }
}`;

export const SEAT_MAP_CHANGED = `subscription FrontrowSeatMapChanged($eventId: ID!, $sinceVersion: Int) {
  seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
    __typename
    ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } }
    ... on SeatMapReset { seatMap { id version stale statuses } }
  }
}`;

const RESULT = `__typename
    ... on CreateBookingSuccess { booking { id holdExpiresAt seats { seat { id seatNo } } } }
    ... on Refusal { code message retry { advice afterSeconds } }`;

export const HOLD = `mutation FrontrowHoldSeats($input: CreateBookingInput!) {
  createBooking(input: $input) {
    ${RESULT}
  }
}`;

export const BEST = `mutation FrontrowHoldBest($input: HoldBestAvailableInput!) {
  holdBestAvailable(input: $input) {
    ${RESULT}
  }
}`;

/** All of them, for a list of trusted documents. */
export const seatMapDocuments: readonly string[] = [EVENT, SEAT_MAP, SEAT_MAP_CHANGED, HOLD, BEST];
