import { LRUCache } from 'lru-cache';
import type { Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { Allocation } from './allocate-rules.ts';
import { FreeSeats } from './free-seats-rules.ts';

type Taken = { version: number; readonly free: FreeSeats };

const MAX_EVENTS = 100;
/** After a restore a version may come again with other seats. */
const KEPT_MS = 60_000;

/**
 * Which seats of an event are free, for commands that want the best of them: some bytes a seat, kept at the event's
 * version.
 *
 * - A write asks with the version that it has read behind the event's lock. Another version is read from PostgreSQL.
 * - After its commit, the write's own changes are applied to the version from which it began. A version that another
 *   process has made is therefore noticed by the next write.
 * - A seat that is wrong here cannot be sold twice: the write finds it taken (`StaleRead`), forgets the event, and runs
 *   again.
 */
export class TakenSeats {
  readonly #events = new LRUCache<string, Taken>({ max: MAX_EVENTS, ttl: KEPT_MS });

  /** Call it behind the event's lock. The result may not be changed. */
  async at(tx: Tx, event: { eventId: string; version: number; seatCount: number }): Promise<FreeSeats> {
    const known = this.#events.get(event.eventId);
    if (known?.version === event.version) return known.free;
    const [row] = await prepared<{ seats: Buffer }>(tx, TAKEN, [event.eventId]);
    const seats = new Uint8Array(event.seatCount);
    const packed = row?.seats ?? Buffer.alloc(0);
    for (let at = 0; at < packed.length; at += 4) seats[packed.readInt32BE(at)] = 1;
    const free = new FreeSeats(seats);
    this.#events.set(event.eventId, { version: event.version, free });
    return free;
  }

  /** The allocation was committed. */
  committed(eventId: string, { versionBefore, version, seats }: Allocation): void {
    const known = this.#events.get(eventId);
    if (known?.version !== versionBefore) return;
    for (const [seatNo, { status }] of seats) known.free.set(seatNo, status === 'AVAILABLE');
    known.version = version;
  }

  forget(eventId: string): void {
    this.#events.delete(eventId);
  }
}

const TAKEN = `select coalesce(string_agg(int4send(seat_no), ''::bytea), ''::bytea) as seats
  from event_seats where event_id = $1::uuid and status <> 'AVAILABLE'`;
