import { WebSocket } from 'ws';
import { applyChange, decodeStatuses, packChange } from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';

type Seat = { seatNo: number; status: SeatStatus };
export type SeatMapFrame =
  | { __typename: 'SeatMapDelta'; fromVersion: number; toVersion: number; changes: Seat[] }
  | { __typename: 'SeatMapReset'; seatMap: { version: number; statuses: string } };

export const seatMapChangedQuery = `subscription ($eventId: ID!, $sinceVersion: Int) { seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
  __typename ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } } ... on SeatMapReset { seatMap { version statuses } } } }`;

/** Builds the map of an event as a client does, and records every frame that does not follow the one before. */
export class SeatMapFan {
  version: number;
  packed: Uint8Array;
  frames = 0;
  resets = 0;
  cuts = 0;
  readonly wrong: string[] = [];
  readonly seatCount: number;

  constructor(map: { version: number; packed: Uint8Array; seatCount: number }) {
    this.version = map.version;
    this.packed = map.packed.slice();
    this.seatCount = map.seatCount;
  }

  take(frame: SeatMapFrame): void {
    this.frames++;
    if (frame.__typename === 'SeatMapReset') {
      this.resets++;
      if (frame.seatMap.version < this.version) this.wrong.push(`back to ${frame.seatMap.version}`);
      this.version = frame.seatMap.version;
      this.packed = decodeStatuses(frame.seatMap.statuses, this.seatCount);
      return;
    }
    if (frame.fromVersion !== this.version) this.wrong.push(`${frame.fromVersion} after ${this.version}`);
    for (const { seatNo, status } of frame.changes)
      applyChange(this.packed, packChange(seatNo, seatStatusCode[status]));
    this.version = frame.toVersion;
  }
}

/**
 * One socket of a fan, from the end of the fan's map on; resolves when it is closed. `register` gets it before it is
 * open.
 * @param eventId in the form that the schema behind `url` takes
 */
export async function watchOnce(
  url: string,
  fan: SeatMapFan,
  eventId: string,
  register: (socket: WebSocket) => void,
): Promise<void> {
  const socket = new WebSocket(url, SUBPROTOCOL);
  register(socket);
  socket.on('error', () => undefined);
  const send = (message: object) => socket.readyState === socket.OPEN && socket.send(JSON.stringify(message));
  socket.on('open', () => send({ type: 'connection_init' }));
  socket.on('message', (data) => {
    const message = JSON.parse(String(data));
    const payload = { query: seatMapChangedQuery, variables: { eventId, sinceVersion: fan.version } };
    if (message.type === 'connection_ack') send({ id: '1', type: 'subscribe', payload });
    else if (message.type === 'ping') send({ type: 'pong' });
    else if (message.type === 'next') fan.take(message.payload.data.seatMapChanged);
    else fan.wrong.push(String(data));
  });
  // Not `once`, which rejects on an error: for a moment no process may listen, and the fan comes again.
  await new Promise((closed) => socket.on('close', closed));
  fan.cuts++;
}
