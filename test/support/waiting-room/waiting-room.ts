import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { waitingRoomPlaces, waitingRoomSteps, waitingRooms } from '#db/tables/waiting-room.ts';
import { publishRoom } from '#domain/waiting-room/publish-room.ts';
import { readRooms } from '#domain/waiting-room/read-rooms.ts';
import type { RoomState } from '#domain/waiting-room/room.ts';
import { openRedis } from '#redis/client.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';

export type SeedRoomOptions = {
  /** Default 10. */
  capacity?: number;
  /** Default DRAWN: admission runs. */
  state?: RoomState;
  paused?: boolean;
  /** Default 600 and 60. */
  sessionSeconds?: number;
  graceSeconds?: number;
  /** Seconds from now, by the clock of the database; default an hour ago, the draw at the same time. */
  opensInSeconds?: number;
  drawsInSeconds?: number;
  /** This many viewers have places 0, 1, ...; default 0. */
  joined?: number;
  /**
   * The ordinals below it take part in the draw of a room that is DRAWN; default 0, so that the position is the
   * ordinal + 1.
   */
  entries?: number;
  /** Default 0. The turns up to here began just now, or this many seconds ago. */
  watermark?: number;
  turnsBeganSecondsAgo?: number;
};

export type SeededRoom = { eventId: string; drawSecret: string /** By ordinal. */; userIds: readonly string[] };

/**
 * A waiting room for an event of `seedEvent` (undefined: for a new one with four seats), with its places and its
 * first step, inserted straight into the tables. By default the room was opened, was drawn without entries, and
 * admits in the order of joining.
 */
export async function seedRoom(db: Db, event: string | undefined, options: SeedRoomOptions = {}): Promise<SeededRoom> {
  const eventId = event ?? (await seedEvent(db, { seats: 4 })).eventId;
  const { state = 'DRAWN', joined = 0, watermark = 0, opensInSeconds = -3600 } = options;
  const inSeconds = (seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds})`;
  const drawSecret = randomBytes(32).toString('hex');
  const isDrawn = state === 'DRAWN' || state === 'ENDED';
  await db.insert(waitingRooms).values({
    eventId,
    capacity: options.capacity ?? 10,
    sessionSeconds: options.sessionSeconds ?? 600,
    graceSeconds: options.graceSeconds ?? 60,
    opensAt: inSeconds(opensInSeconds),
    drawAt: inSeconds(options.drawsInSeconds ?? opensInSeconds),
    state,
    paused: options.paused ?? false,
    joined,
    watermark,
    drawSecret,
    drawCommitment: createHash('sha256').update(Buffer.from(drawSecret, 'hex')).digest('hex'),
    ...(isDrawn && { drawEntries: options.entries ?? 0, drawnAt: sql`clock_timestamp()` }),
  });
  const userIds = Array.from({ length: joined }, () => randomUUIDv7());
  for (let from = 0; from < joined; from += 5000) {
    const part = userIds.slice(from, from + 5000).map((userId, index) => ({ eventId, userId, ordinal: from + index }));
    await db.insert(waitingRoomPlaces).values(part);
  }
  if (watermark > 0)
    await db
      .insert(waitingRoomSteps)
      .values({ eventId, watermark, at: inSeconds(-(options.turnsBeganSecondsAgo ?? 0)) });
  return { eventId, drawSecret, userIds };
}

/** Publishes a seeded room to the processes of a system at once, as saving a room does. */
export async function publishSeededRoom(db: Db, redisUrl: string, eventId: string): Promise<void> {
  const redis = openRedis({ url: redisUrl, name: 'test' });
  for (const room of await readRooms(db, { eventIds: [eventId] })) await publishRoom({ redis }, room);
  redis.disconnect();
}
