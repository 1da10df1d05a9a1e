import { randomUUIDv7 } from 'node:crypto';
import { parseWorkerConfig } from '#config/worker.ts';
import type { Booking } from '#domain/booking/booking.ts';
import type { CreateBookingNeeds } from '#domain/booking/create-booking.ts';
import { visibleStatus } from '#domain/booking-status.ts';
import { openLostRaces } from '#domain/inventory/lost-races.ts';
import { encodeStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { openSeatLocks } from '#domain/inventory/seat-locks.ts';
import type { SeatMap } from '#domain/inventory/seat-map.ts';
import { SeatMapReader } from '#domain/inventory/seat-map-reader.ts';
import type { Viewer } from '#domain/viewer.ts';
import { openRedis } from '#redis/client.ts';
import { openHeartbeat } from '#redis/heartbeat.ts';
import { openWorkerResources } from '#resources.ts';
import { type HoldAnswer, type SeatMapState, wallToInstant } from '../history.ts';

/** An address without a listener: these callers have no Redis. */
const NO_REDIS = 'redis://127.0.0.1:1';

/** The handles of a product process that books, twice: with its Redis, and with PostgreSQL alone. */
export function openDomainNeeds(env: Readonly<Record<string, string>>) {
  const resources = openWorkerResources(parseWorkerConfig({ ...env, DATABASE_POOL_MAX: '16' }));
  const { db, redis, pubsub } = resources;
  const lostRaces = openLostRaces({ db });
  const withoutRedis = openRedis({ url: NO_REDIS, name: 'chaos' });
  const maps = new SeatMapReader({ db, redis, heartbeat: openHeartbeat({ pubsub }) });
  const booking: CreateBookingNeeds = { ...resources, lostRaces };
  const bookingAlone: CreateBookingNeeds = { ...booking, seatLocks: openSeatLocks({ redis: withoutRedis, db }) };
  return { resources, db, writer: resources.writer, booking, bookingAlone, maps, redis: withoutRedis };
}

/** In the form that a client writes down. */
export const answerOf = (booking: Booking, replayed: boolean): HoldAnswer => ({
  booking: booking.id,
  replayed,
  status: visibleStatus(booking),
  seats: (booking.seats ?? []).map(({ seatNo }) => seatNo),
  totalMinor: booking.totalMinor,
  currency: booking.currency,
  expiresAt: booking.holdExpiresAt.getTime() + wallToInstant,
});

/** No row is needed, because bookings name users without a foreign key. */
export const newViewer = (): Viewer => ({
  userId: randomUUIDv7(),
  role: 'FAN',
  sessionId: randomUUIDv7(),
  tokenExpiresAt: new Date(8_640_000_000_000_000),
});

export const seatMapStateOf = ({ version, packed, stale, asOf }: SeatMap): SeatMapState => ({
  version,
  statuses: encodeStatuses(packed),
  stale,
  asOf: asOf.getTime() + wallToInstant,
});
