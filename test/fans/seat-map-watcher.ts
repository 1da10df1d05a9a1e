import type { WebSocket } from 'ws';
import { applyChange, decodeStatuses, emptyStatuses, packChange } from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import { openConversation } from './graphql-socket.ts';
import { keepSubscribed, type LiveSocketOptions } from './keep-subscribed.ts';

type Seat = { seatNo: number; status: SeatStatus };
export type SeatMapFrame =
  | { __typename: 'SeatMapDelta'; fromVersion: number; toVersion: number; changes: Seat[] }
  | { __typename: 'SeatMapReset'; seatMap: { version: number; statuses: string } };

export type SeatMapStart = { readonly version: number; readonly packed: Uint8Array; readonly seatCount: number };

export const seatMapChangedQuery = `subscription ($eventId: ID!, $sinceVersion: Int) { seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
  __typename ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } } ... on SeatMapReset { seatMap { version statuses } } } }`;

/** Events begin at version 0 with every seat free. */
export const emptyMap = (seatCount: number): SeatMapStart => ({
  version: 0,
  packed: emptyStatuses(seatCount),
  seatCount,
});

/** Builds the map of an event as a client does, and records every frame that does not follow the one before. */
export class SeatMapWatcher {
  version: number;
  packed: Uint8Array;
  frames = 0;
  resets = 0;
  cuts = 0;
  readonly wrong: string[] = [];
  readonly seatCount: number;
  readonly #onFrame: (frame: SeatMapFrame) => void;

  /** @param onFrame called with each frame when the map has it */
  constructor(map: SeatMapStart, onFrame: (frame: SeatMapFrame) => void = () => undefined) {
    this.version = map.version;
    this.packed = map.packed.slice();
    this.seatCount = map.seatCount;
    this.#onFrame = onFrame;
  }

  take(frame: SeatMapFrame): void {
    this.frames++;
    if (frame.__typename === 'SeatMapReset') {
      this.resets++;
      if (frame.seatMap.version < this.version) this.wrong.push(`back to ${frame.seatMap.version}`);
      this.version = frame.seatMap.version;
      this.packed = decodeStatuses(frame.seatMap.statuses, this.seatCount);
    } else {
      if (frame.fromVersion !== this.version) this.wrong.push(`${frame.fromVersion} after ${this.version}`);
      for (const { seatNo, status } of frame.changes)
        applyChange(this.packed, packChange(seatNo, seatStatusCode[status]));
      this.version = frame.toVersion;
    }
    this.#onFrame(frame);
  }

  /** The next frames of the event, from the end of the map on. */
  operation(eventId: string) {
    return { query: seatMapChangedQuery, variables: { eventId, sinceVersion: this.version } };
  }
}

/**
 * One socket of a watcher, from the end of its map on; resolves when it is closed. `register` gets it before it is
 * open.
 * @param eventId in the form that the schema behind `apiUrl` takes
 */
export async function watchOnce(
  apiUrl: string,
  watcher: SeatMapWatcher,
  eventId: string,
  register: (socket: WebSocket) => void,
): Promise<void> {
  const socket = openConversation(apiUrl, {
    operations: () => [watcher.operation(eventId)],
    onMessage: (message) => {
      if (message.type === 'next') watcher.take(message.payload.data.seatMapChanged);
      else watcher.wrong.push(JSON.stringify(message));
    },
  });
  register(socket);
  // Not `once`, which rejects on an error: for a moment no process may listen, and the watcher comes again.
  await new Promise((closed) => socket.on('close', closed));
  watcher.cuts++;
}

/** Watches through every cut, until the signal. The caller decides about errors. */
export function keepWatching(
  watcher: SeatMapWatcher,
  eventId: string,
  options: Omit<LiveSocketOptions, 'operation' | 'onData'>,
): Promise<void> {
  return keepSubscribed({
    ...options,
    operation: () => watcher.operation(eventId),
    onData: ({ seatMapChanged }) => watcher.take(seatMapChanged as SeatMapFrame),
  });
}
