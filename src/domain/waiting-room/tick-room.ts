import { isDeepStrictEqual } from 'node:util';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { decideTick } from './admission-rules.ts';
import type { ChangedPlace } from './publish-room.ts';
import type { RoomState } from './room.ts';
import {
  callIn,
  type Due,
  endSilent,
  extendPaying,
  lockForTick,
  type Measure,
  measure,
  type NextRoom,
  type RoomRow,
  readDue,
  writeRoom,
} from './tick-statements.ts';

/** A later holder of the lease has written the room: the process that gets this error is no longer the controller. */
export class Superseded extends Error {}

export type TickAnswer = {
  /** Whether the room changed. */
  readonly isChanged: boolean;
  /** The places whose session ended for silence, and those that are called in from the door. */
  readonly places: readonly ChangedPlace[];
  /** How long only a joining fan or an organizer can change the room; 0 while a fan waits or is inside. */
  readonly restMs: number;
};

const NOTHING: TickAnswer = { isChanged: false, places: [], restMs: 0 };

/**
 * One tick of one room, in one transaction under its lock. Opens, draws or ends the room when that is due; ends the
 * sessions without activity; moves the watermark as far as there are slots (not at all unless `canAdmit`); and calls
 * fans in from the door for whom a slot is free. The same controller does not write a room again that stays as it is.
 * Throws Superseded and writes nothing when `fence` is no longer the latest. Sessions of a room that ended stay as
 * they are, because the room may be opened again.
 */
export function tickRoom(
  db: Db,
  eventId: string,
  { fence, canAdmit }: { fence: number; canAdmit: boolean },
): Promise<TickAnswer> {
  return inTransaction(db, 'tick-waiting-room', async (tx) => {
    // One round trip: each statement has its own snapshot, and those after the first one have the lock.
    const [room, due, , silent, measured] = await Promise.all([
      lockForTick(tx, eventId),
      readDue(tx, eventId),
      extendPaying(tx, eventId),
      endSilent(tx, eventId),
      measure(tx, eventId),
    ]);
    if (!room || !due || !measured) return NOTHING;
    const state = stateOf(room, due);
    if (isAtRest(room.state, state)) return { ...NOTHING, places: silent };
    const next = nextRoom({ ...room, isPaused: room.isPaused || !canAdmit }, { ...due, state }, measured);
    if (room.fence === fence && isQuiet(measured) && isSame(room, next))
      return { ...NOTHING, restMs: restOf(room, due) };
    if (!(await writeRoom(tx, eventId, fence, next))) throw new Superseded('Another process has written the room.');
    const called = state === 'DRAWN' ? await callFromDoor(tx, eventId, room.capacity, measured) : [];
    return { isChanged: true, places: [...silent, ...called], restMs: 0 };
  });
}

const isAtRest = (before: RoomState, now: RoomState): boolean =>
  now === before && (now === 'CLOSED' || now === 'ENDED');
const isQuiet = ({ inside, atDoor }: Measure): boolean => inside === 0 && atDoor.length === 0;

function restOf({ state, joined, watermark, turnsOver }: RoomRow, { nextInMs }: Due): number {
  const isAnyTurnLeft = state === 'DRAWN' && (watermark < joined || turnsOver < watermark);
  return isAnyTurnLeft ? 0 : Math.max(0, nextInMs);
}

/** Compared in the form in which the table stores it. */
const isSame = (room: RoomRow, next: NextRoom): boolean =>
  next.state === room.state &&
  next.watermark === room.watermark &&
  next.turnsOver === room.turnsOver &&
  isDeepStrictEqual(JSON.parse(JSON.stringify(next.progress)), room.progress);

function stateOf(room: RoomRow, due: Due): RoomState {
  let { state } = room;
  if (state === 'CLOSED' && due.isOpenDue) state = 'OPEN';
  if (state === 'OPEN' && due.isDrawDue) state = 'DRAWN';
  // Not sold out before the draw: seats that are blocked until the sale begins are not sold.
  return due.isSaleOver || (state === 'DRAWN' && due.isSoldOut) ? 'ENDED' : state;
}

function nextRoom(room: RoomRow, { state, nowMs }: Due & { state: RoomState }, measured: Measure): NextRoom {
  const { watermark, joined } = room;
  const turnsOver = Math.max(room.turnsOver, measured.turnsOver);
  const isDrawnNow = state === 'DRAWN' && room.state !== 'DRAWN';
  if (state === 'ENDED') return { state, isDrawnNow, watermark, turnsOver, progress: room.progress };
  if (state === 'OPEN') return { state, isDrawnNow, watermark, turnsOver, progress: { waiting: joined } };
  const tick = decideTick({
    ...room,
    nowMs,
    inside: measured.inside,
    atDoor: measured.atDoor.length,
    outstanding: Math.max(0, watermark - measured.turnsOver - measured.taken),
    resolved: measured.resolved,
    missed: (room.progress.missed ?? 0) + Math.max(0, turnsOver - room.turnsOver - measured.takenSince),
    steps: measured.steps,
  });
  return { state, isDrawnNow, turnsOver, ...tick };
}

/** Free slots go to the fans who are first at the door. */
async function callFromDoor(
  tx: Tx,
  eventId: string,
  capacity: number,
  { inside, atDoor }: Measure,
): Promise<ChangedPlace[]> {
  const first = atDoor.slice(0, Math.max(0, capacity - inside));
  const ordinals = first.flatMap(({ ordinal, isCalled }) => (isCalled ? [] : [ordinal]));
  return ordinals.length === 0 ? [] : await callIn(tx, eventId, ordinals);
}
