import { InvalidInput } from '../errors.ts';
import type { RoomState } from './room.ts';

/** The settings that an organizer gives. A field that is left out stays as it is; a new room gets the defaults. */
export type RoomSettings = {
  readonly capacity?: number | undefined;
  readonly sessionMinutes?: number | undefined;
  readonly graceSeconds?: number | undefined;
  readonly opensAt?: Date | undefined;
  readonly drawAt?: Date | undefined;
};

/** The settings of a stored room; times in milliseconds since 1970. */
export type StoredSettings = {
  readonly capacity: number;
  readonly sessionSeconds: number;
  readonly graceSeconds: number;
  readonly opensAtMs: number;
  readonly drawAtMs: number;
};

export type EventTimes = { readonly nowMs: number; readonly onSaleAtMs: number; readonly offSaleAtMs: number };
type Current = StoredSettings & { readonly state: RoomState; readonly isDrawn: boolean };

const MAX_CAPACITY = 1_000_000;
const MAX_SESSION_MINUTES = 120;
const [MIN_GRACE_SECONDS, MAX_GRACE_SECONDS] = [5, 1800];
const [DEFAULT_SESSION_SECONDS, DEFAULT_GRACE_SECONDS] = [600, 120];

/**
 * The settings after a change of `current`, or those of a new room when that is undefined. Capacity, session and
 * grace may change at any time; the opening until the room is open, and the draw until it is made. Throws
 * InvalidInput.
 */
export function settle(input: RoomSettings, current: Current | undefined, event: EventTimes): StoredSettings {
  const capacity = input.capacity ?? current?.capacity;
  if (capacity === undefined) throw new InvalidInput('capacity', 'A new waiting room needs a capacity.');
  requireWhole('capacity', capacity, [0, MAX_CAPACITY]);
  if (input.sessionMinutes !== undefined)
    requireWhole('sessionMinutes', input.sessionMinutes, [1, MAX_SESSION_MINUTES]);
  const graceSeconds = input.graceSeconds ?? current?.graceSeconds ?? DEFAULT_GRACE_SECONDS;
  requireWhole('graceSeconds', graceSeconds, [MIN_GRACE_SECONDS, MAX_GRACE_SECONDS]);
  const sessionSeconds =
    input.sessionMinutes === undefined
      ? (current?.sessionSeconds ?? DEFAULT_SESSION_SECONDS)
      : input.sessionMinutes * 60;
  return { capacity, sessionSeconds, graceSeconds, ...settleTimes(input, current, event) };
}

function requireWhole(field: string, value: number, [min, max]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new InvalidInput(field, `${field} must be a whole number from ${min} to ${max.toLocaleString('en')}.`);
}

function settleTimes(input: RoomSettings, current: Current | undefined, event: EventTimes) {
  const opensAtMs = input.opensAt?.getTime() ?? current?.opensAtMs ?? event.nowMs;
  const drawAtMs = input.drawAt?.getTime() ?? drawAfter(opensAtMs, current, event);
  const isNewOpening = opensAtMs !== current?.opensAtMs;
  const isNewDraw = drawAtMs !== current?.drawAtMs;
  if (current?.isDrawn && (isNewOpening || isNewDraw))
    throw new InvalidInput(
      isNewOpening ? 'opensAt' : 'drawAt',
      'The order is already drawn, so its time can no longer be changed.',
    );
  if (current && isOpen(current, event) && isNewOpening)
    throw new InvalidInput('opensAt', 'The waiting room is already open.');
  if (isNewOpening && opensAtMs >= event.offSaleAtMs)
    throw new InvalidInput('opensAt', 'A waiting room must open before the sale ends.');
  if (drawAtMs < opensAtMs) throw new InvalidInput('drawAt', 'The draw cannot be before the waiting room opens.');
  if (isNewDraw && drawAtMs >= event.offSaleAtMs)
    throw new InvalidInput('drawAt', 'The draw must be before the sale ends.');
  return { opensAtMs, drawAtMs };
}

/** Also while the controller has not opened the room yet, because fans may have joined. */
const isOpen = ({ state, opensAtMs }: Current, { nowMs }: EventTimes) =>
  state === 'OPEN' || (state === 'CLOSED' && opensAtMs <= nowMs);

/** The default time of the draw: when the sale opens, or the room if that is later. */
export const defaultDrawAtMs = (opensAtMs: number, { onSaleAtMs }: Pick<EventTimes, 'onSaleAtMs'>): number =>
  Math.max(opensAtMs, onSaleAtMs);

/**
 * The time of the draw of a room that now opens at `opensAtMs`: a draw that was set stays, but not before the
 * opening.
 */
export function drawAfter(
  opensAtMs: number,
  current: Pick<StoredSettings, 'opensAtMs' | 'drawAtMs'> | undefined,
  event: Pick<EventTimes, 'onSaleAtMs'>,
): number {
  if (!current || current.drawAtMs === defaultDrawAtMs(current.opensAtMs, event))
    return defaultDrawAtMs(opensAtMs, event);
  return Math.max(opensAtMs, current.drawAtMs);
}
