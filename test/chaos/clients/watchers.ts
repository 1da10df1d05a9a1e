import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { emptyMap, keepWatching, SeatMapWatcher } from '#test/fans/seat-map-watcher.ts';
import { instant } from '../history.ts';
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

class Watcher {
  readonly #stage: Stage;
  readonly #notebook: Notebook;
  readonly #ports: readonly number[];
  readonly #map: SeatMapWatcher;
  #turn: number;
  #subscription = '';

  constructor(options: { stage: Stage; notebook: Notebook; ports: readonly number[]; index: number }) {
    this.#stage = options.stage;
    this.#notebook = options.notebook;
    this.#ports = options.ports;
    this.#turn = options.index;
    this.#map = new SeatMapWatcher(emptyMap(options.stage.seatCount), (frame) => {
      options.notebook.tally.count('seatMapChanged frame', 'ok');
      this.#write(frame.__typename === 'SeatMapReset' ? null : frame.fromVersion);
    });
  }

  async watch(until: AbortSignal): Promise<void> {
    const { eventId } = this.#stage;
    const { tally } = this.#notebook;
    await keepWatching(this.#map, `Event_${eventId}`, {
      // The next connection goes to the other process.
      port: () => this.#ports[this.#turn++ % this.#ports.length] ?? 0,
      onSubscribed: () => {
        this.#subscription = randomUUIDv7();
        // The subscription continues from the map that the client has.
        this.#write(null);
        tally.count('subscribe seatMapChanged', 'ok');
      },
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
      version: this.#map.version,
      statuses: encodeStatuses(this.#map.packed),
    });
  }

  /** The present version and map. */
  #write(fromVersion: number | null): void {
    const { eventId: event } = this.#stage;
    const { history } = this.#notebook;
    const { version: toVersion, packed } = this.#map;
    const [subscription, at] = [this.#subscription, instant()];
    history.write({ kind: 'seatFrame', subscription, at, event, fromVersion, toVersion });
    // The present view is compared with the transitions as if it had been read.
    const map = { version: toVersion, statuses: encodeStatuses(packed) };
    history.write({ kind: 'map', event, from: at, to: at, outcome: 'ok', map });
  }
}
