import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  applyChange,
  decodeStatuses,
  emptyStatuses,
  encodeStatuses,
  packChange,
} from '#domain/inventory/packed-statuses-rules.ts';
import { type SeatStatus, seatStatusCode } from '#domain/inventory/seat-status.ts';
import { keepSubscribed } from '#test/fans/keep-subscribed.ts';
import { instant } from '../history.ts';
import { documents } from './documents.ts';
import type { ClientConfig, Stage } from './protocol.ts';
import { type Notebook, runClients } from './run-clients.ts';

/** Clients that build the seat map of an event from `seatMapChanged`, through every cut. */
export type WatchersConfig = ClientConfig & {
  readonly ports: readonly number[];
  /** After the request to finish, frames may still come for this long before the views are written down. */
  readonly settleMs: number;
};

runClients<WatchersConfig>(async (config, notebook, phase) => {
  const stopping = new AbortController();
  const watchers = Array.from({ length: config.lanes }, (_, index) => {
    const stage = config.stages[index % config.stages.length];
    if (!stage) throw new Error('There is nothing to watch.');
    return new Watcher({ stage, notebook, ports: config.ports, index });
  });
  const watching = watchers.map((watcher) => watcher.watch(stopping.signal));
  while (!phase.isFinishing) await sleep(100);
  await sleep(config.settleMs);
  for (const watcher of watchers) watcher.writeView();
  stopping.abort();
  await Promise.all(watching);
});

type SeatChanges = { seatNo: number; status: SeatStatus }[];
type Frame =
  | { __typename: 'SeatMapDelta'; fromVersion: number; toVersion: number; changes: SeatChanges }
  | { __typename: 'SeatMapReset'; seatMap: { version: number; statuses: string } };

class Watcher {
  readonly #stage: Stage;
  readonly #notebook: Notebook;
  readonly #ports: readonly number[];
  #turn: number;
  #subscription = '';
  /** Events begin at version 0 with every seat free. */
  #version = 0;
  #packed: Uint8Array;

  constructor(options: { stage: Stage; notebook: Notebook; ports: readonly number[]; index: number }) {
    this.#stage = options.stage;
    this.#notebook = options.notebook;
    this.#ports = options.ports;
    this.#turn = options.index;
    this.#packed = emptyStatuses(options.stage.seatCount);
  }

  async watch(until: AbortSignal): Promise<void> {
    const { eventId } = this.#stage;
    const { tally } = this.#notebook;
    await keepSubscribed({
      // The next connection goes to the other process.
      port: () => this.#ports[this.#turn++ % this.#ports.length] ?? 0,
      subscription: {
        query: documents.seatMapChanged,
        variables: () => ({ eventId: `Event_${eventId}`, sinceVersion: this.#version }),
      },
      onSubscribed: () => {
        this.#subscription = randomUUIDv7();
        // The subscription continues from the map that the client has.
        this.#write(null, this.#version);
        tally.count('subscribe seatMapChanged', 'ok');
      },
      onData: (data) => this.#take(data.seatMapChanged as Frame),
      onError: (text) => tally.problem(`seatMapChanged of ${eventId}: ${text}`),
      until,
    });
  }

  writeView(): void {
    this.#notebook.history.write({
      kind: 'view',
      subscription: this.#subscription,
      at: instant(),
      event: this.#stage.eventId,
      version: this.#version,
      statuses: encodeStatuses(this.#packed),
    });
  }

  #take(frame: Frame): void {
    this.#notebook.tally.count('seatMapChanged frame', 'ok');
    if (frame.__typename === 'SeatMapReset') {
      this.#version = frame.seatMap.version;
      this.#packed = decodeStatuses(frame.seatMap.statuses, this.#stage.seatCount);
      this.#write(null, this.#version);
      return;
    }
    for (const { seatNo, status } of frame.changes)
      applyChange(this.#packed, packChange(seatNo, seatStatusCode[status]));
    this.#version = frame.toVersion;
    this.#write(frame.fromVersion, frame.toVersion);
  }

  #write(fromVersion: number | null, toVersion: number): void {
    const { eventId: event } = this.#stage;
    const { history } = this.#notebook;
    const [subscription, at] = [this.#subscription, instant()];
    history.write({ kind: 'seatFrame', subscription, at, event, fromVersion, toVersion });
    // The present view is compared with the transitions as if it had been read.
    const map = { version: this.#version, statuses: encodeStatuses(this.#packed) };
    history.write({ kind: 'map', event, from: at, to: at, outcome: 'ok', map });
  }
}
