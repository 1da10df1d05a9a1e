/** The settings of an event for holds, as they are stored. Null: the setting of the process. */
export type SaleLimits = {
  readonly holdSeconds: number | null;
  readonly seatsPerBooking: number | null;
  readonly seatsPerViewer: number | null;
};

type Defaults = {
  readonly holdTtlSeconds: number;
  readonly maxSeatsPerBooking: number;
  readonly maxSeatsPerEvent: number;
};

/** How long a hold of the event lasts, in seconds. */
export const holdSecondsOf = ({ holdSeconds }: Pick<SaleLimits, 'holdSeconds'>, process: Defaults): number =>
  holdSeconds ?? process.holdTtlSeconds;

/** How many seats one booking of the event may have. */
export const seatsPerBookingOf = (
  { seatsPerBooking }: Pick<SaleLimits, 'seatsPerBooking'>,
  process: Pick<Defaults, 'maxSeatsPerBooking'>,
): number => seatsPerBooking ?? process.maxSeatsPerBooking;

/** How many seats one viewer may have at the event, held and booked. */
export const seatsPerViewerOf = ({ seatsPerViewer }: Pick<SaleLimits, 'seatsPerViewer'>, process: Defaults): number =>
  seatsPerViewer ?? process.maxSeatsPerEvent;

/** No event allows more seats in one booking. */
export const MOST_SEATS_PER_BOOKING = 100;
