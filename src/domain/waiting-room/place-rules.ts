import type { WaitEstimate } from './estimate-rules.ts';
import type { PlaceState, Room, RoomSession } from './room.ts';

export type Turn = { readonly beganAtMs: number; readonly endsAtMs: number };

/** The last message that a fan got about a place: the fields whose change may be worth another message. */
export type ToldPlace = {
  readonly state: PlaceState;
  readonly position?: number | undefined;
  readonly ahead?: number | undefined;
  readonly estimate?: WaitEstimate | undefined;
};

const AHEAD_SHARE = 0.05;
const ESTIMATE_SHARE = 0.2;

/**
 * When the turn of a position began and ends; undefined while the watermark has not reached it. `over` when the
 * room's steps begin after its end. The room's clock decides whether `endsAtMs` is past: see `placeStateOf`.
 */
export function turnOf(
  room: Pick<Room, 'watermark' | 'steps' | 'graceSeconds'>,
  position: number,
): Turn | 'over' | undefined {
  if (position > room.watermark) return undefined;
  const step = room.steps.find(({ watermark }) => watermark >= position);
  if (!step) return 'over';
  const endsAtMs = step.atMs + room.graceSeconds * 1000;
  // It is unknown whether the turns of the first step began with it or before it. They do not end later.
  const isOld = step === room.steps[0] && endsAtMs <= (room.steps.at(-1)?.atMs ?? 0);
  return isOld ? 'over' : { beganAtMs: step.atMs, endsAtMs };
}

/** `position` is undefined before the draw, `session` while no row exists for this ordinal. */
export function placeStateOf({
  room,
  position,
  hasLeft,
  session,
  nowMs,
}: {
  room: Pick<Room, 'state' | 'watermark' | 'steps' | 'graceSeconds'>;
  position: number | undefined;
  hasLeft: boolean;
  session: RoomSession | undefined;
  nowMs: number;
}): PlaceState {
  if (hasLeft || room.state === 'ENDED' || (session && session.endedAtMs !== null)) return 'LEFT';
  if (session && session.enteredAtMs !== null) return 'INSIDE';
  const turn = position === undefined ? undefined : turnOf(room, position);
  if (turn === undefined) return 'WAITING';
  const turnEndsAtMs = turn === 'over' ? 0 : turn.endsAtMs;
  // A fan who came and found the room full keeps the turn by asking again.
  const doorEndsAtMs = (session?.knockedAtMs ?? -Infinity) + room.graceSeconds * 1000;
  return nowMs < Math.max(turnEndsAtMs, doorEndsAtMs) ? 'YOUR_TURN' : 'MISSED';
}

/** How many positions are between this one and the last one that was admitted. */
export function aheadOf(room: Pick<Room, 'watermark'>, position: number): number {
  return Math.max(0, position - 1 - room.watermark);
}

/** Whether a fan who last got `told` should get `now`: a million fans are not notified of every step. */
export function isWorthTelling(told: ToldPlace, now: ToldPlace): boolean {
  if (told.state !== now.state || told.position !== now.position) return true;
  if (now.state !== 'WAITING') return false;
  return (
    hasMoved(told.ahead, now.ahead, AHEAD_SHARE) ||
    hasMoved(told.estimate?.p50Seconds, now.estimate?.p50Seconds, ESTIMATE_SHARE) ||
    hasMoved(told.estimate?.p90Seconds, now.estimate?.p90Seconds, ESTIMATE_SHARE)
  );
}

/** By at least one, and by at least `share` of the last value. */
function hasMoved(told: number | undefined, now: number | undefined, share: number): boolean {
  if (told === undefined || now === undefined) return told !== now;
  return Math.abs(told - now) >= Math.max(1, share * told);
}

/**
 * Whether only admitted viewers may see and hold the event's seats. True from the opening time on, even while the
 * controller is late to open the room.
 */
export function isGating(room: Pick<Room, 'state' | 'opensAtMs'>, nowMs: number): boolean {
  return room.state === 'CLOSED' ? nowMs >= room.opensAtMs : isOpen(room);
}

const isOpen = ({ state }: Pick<Room, 'state'>): boolean => state === 'OPEN' || state === 'DRAWN';

/** Whether a fan may wait or be inside. */
export const hasFans = (room: Pick<Room, 'state' | 'joined'>): boolean => isOpen(room) && room.joined > 0;
