import { seatMapChannel } from '#redis/channels.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { seatMap, seatMapAhead, seatMapDeltas } from '#redis/keys.ts';
import { type PackedStatuses, packChange } from './packed-statuses-rules.ts';
import type { SeatChange } from './seat-change.ts';
import { seatStatusCode } from './seat-status.ts';

/** The seat map in Redis: a copy that can be read from PostgreSQL again at any time. */

/** How many transitions a client may have missed and still catch up by deltas. */
export const KEPT_DELTAS = 4096;
/** An event without changes for so long is read from PostgreSQL again. */
const TIME_TO_LIVE_SECONDS = 8 * 24 * 3600;

/** One transition on the wire: version, status code, seat numbers. */
export type EncodedChange = readonly [version: number, code: number, ...seatNos: number[]];

const encodeChange = ({ version, status, seatNos }: SeatChange): string =>
  JSON.stringify([version, seatStatusCode[status], ...seatNos]);

export const packedChangesOf = ([, code, ...seatNos]: EncodedChange): number[] =>
  seatNos.map((seatNo) => packChange(seatNo, code));

const keysOf = (eventId: string) => [seatMap(eventId), seatMapDeltas(eventId), seatMapAhead(eventId)];

/** `version` is undefined when there is no projection. `gap`: some changes wait for an earlier one. */
export type ProjectionState = { version: number | undefined; gap: boolean };

/**
 * Changes at or below the projection's version do nothing. Those after a missing one wait in Redis until it arrives.
 */
export async function appendToProjection(
  redis: Redis,
  eventId: string,
  changes: readonly SeatChange[],
): Promise<ProjectionState> {
  const [version, gap] = (await runScript(redis, 'applySeatChanges', keysOf(eventId), [
    seatMapChannel(eventId),
    KEPT_DELTAS,
    TIME_TO_LIVE_SECONDS,
    ...changes.map(encodeChange),
  ])) as [number, number];
  return { version: version < 0 ? undefined : version, gap: gap === 1 };
}

/** Does nothing when the projection is at this version or later. */
export async function putProjection(
  redis: Redis,
  eventId: string,
  map: { version: number; packed: PackedStatuses },
): Promise<void> {
  const { buffer, byteOffset, byteLength } = map.packed;
  const packed = Buffer.from(buffer, byteOffset, byteLength);
  await runScript(redis, 'putSeatMap', keysOf(eventId), [
    seatMapChannel(eventId),
    TIME_TO_LIVE_SECONDS,
    map.version,
    packed,
  ]);
}

type BufferScript = (keyCount: number, key: string, known: number) => Promise<[number, number, Buffer?] | null>;

/**
 * `packed` is left out when the projection is at `knownVersion`. It may be shorter than the event: the rest is
 * AVAILABLE.
 */
export async function readProjection(
  redis: Redis,
  eventId: string,
  knownVersion: number,
): Promise<{ version: number; gap: boolean; packed?: Uint8Array } | undefined> {
  const readSeatMap = Reflect.get(redis, 'readSeatMapBuffer') as BufferScript;
  const answer = await readSeatMap.call(redis, 1, seatMap(eventId), knownVersion);
  if (!answer) return undefined;
  const [version, gap, packed] = answer;
  return { version, gap: gap === 1, ...(packed && { packed }) };
}

/** The last transitions in order of version, without gaps. Only as many as the list keeps. */
export async function readDeltas(redis: Redis, eventId: string): Promise<EncodedChange[]> {
  const encoded = await redis.lrange(seatMapDeltas(eventId), 0, -1);
  return encoded.map((text) => JSON.parse(text) as EncodedChange);
}
