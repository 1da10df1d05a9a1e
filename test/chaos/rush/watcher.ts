import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import {
  applyChange,
  decodeStatuses,
  emptyStatuses,
  encodeStatuses,
  packChange,
} from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import { openSocket } from '#test/fans/fan.ts';
import { seatMapChangedQuery } from '#test/fans/seat-map-watcher.ts';
import type { SeededEvent } from '#test/support/catalog.ts';
import { type HistoryRecord, instant } from '../history.ts';

type Change =
  | {
      __typename: 'SeatMapDelta';
      fromVersion: number;
      toVersion: number;
      changes: { seatNo: number; status: SeatStatus }[];
    }
  | { __typename: 'SeatMapReset'; seatMap: { version: number; statuses: string } };

/** Watches an event from its first version on, and builds its map from the frames. */
export class Watcher {
  version = 0;
  readonly #event: SeededEvent;
  readonly #write: (record: HistoryRecord) => void;
  readonly #subscription = randomUUID();
  readonly #client: Client;
  readonly #over: Promise<void>;
  #packed: Uint8Array;
  #isClosing = false;

  constructor(apiUrl: string, event: SeededEvent, write: (record: HistoryRecord) => void) {
    this.#event = event;
    this.#write = write;
    this.#packed = emptyStatuses(event.seatCount);
    this.#client = openSocket(apiUrl);
    this.#over = this.#watch();
  }

  get eventId(): string {
    return this.#event.eventId;
  }

  /** Waits until it has reached the version, or cannot any longer, and returns its view. */
  async finish(version: number, withinMs: number): Promise<void> {
    const deadline = instant() + withinMs;
    while (this.version < version && instant() < deadline) await sleep(50);
    this.#isClosing = true;
    await this.#client.dispose();
    await this.#over;
    const base = { subscription: this.#subscription, at: instant(), event: this.#event.eventId };
    this.#write({ ...base, kind: 'view', version: this.version, statuses: encodeStatuses(this.#packed) });
  }

  /** A connection that was lost continues from its last version. */
  async #watch(): Promise<void> {
    while (!this.#isClosing) {
      const variables = { eventId: encodeGlobalId('Event', this.#event.eventId), sinceVersion: this.version };
      try {
        for await (const { data } of this.#client.iterate({ query: seatMapChangedQuery, variables }))
          if (data) this.#take(data.seatMapChanged as Change);
      } catch {
        await sleep(200);
      }
    }
  }

  #take(change: Change): void {
    const isReset = change.__typename === 'SeatMapReset';
    const toVersion = isReset ? change.seatMap.version : change.toVersion;
    const fromVersion = isReset ? null : change.fromVersion;
    const base = { subscription: this.#subscription, at: instant(), event: this.#event.eventId };
    this.#write({ ...base, kind: 'seatFrame', fromVersion, toVersion });
    this.version = toVersion;
    if (isReset) this.#packed = decodeStatuses(change.seatMap.statuses, this.#event.seatCount);
    else
      for (const { seatNo, status } of change.changes)
        applyChange(this.#packed, packChange(seatNo, seatStatusCode[status]));
  }
}
