import type { Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';

type Ended = {
  readonly eventId: string;
  readonly bookings: number;
  /** How much is to be refunded for them. */
  readonly askedMinor: number;
};

/** Adds bookings that ended to the progress of the event's cancellation. */
export async function countEnded(tx: Tx, { eventId, bookings, askedMinor }: Ended): Promise<void> {
  await prepared(tx, COUNT_ENDED, [eventId, bookings, askedMinor]);
}

const COUNT_ENDED = `update event_cancellations set done = done + $2::int, asked_minor = asked_minor + $3::bigint
  where event_id = $1::uuid`;
