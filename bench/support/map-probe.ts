import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Db } from '#db/client.ts';
import { statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { holdInput } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { SeatMapWatcher, watchOnce } from '#test/fans/seat-map-watcher.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';

type Place = {
  readonly api: { readonly port: number };
  readonly tokens: readonly string[];
  readonly db: Db;
  readonly event: SeededEvent;
  /** The mutation. */
  readonly query: string;
};

const LOOK_EVERY_MS = 2;
const PAUSE_MS = 100;
const FAST_MS = 500;
const COMES_WITHIN_MS = 30_000;

/** Holds a seat of an event and measures how long its watcher takes to see it, again and again. */
export class MapProbe {
  readonly #place: Place;
  readonly #fan: SeatMapWatcher;
  #socket: WebSocket | undefined;
  #seatNo = 0;
  #isClosed = false;

  private constructor(place: Place, fan: SeatMapWatcher) {
    this.#place = place;
    this.#fan = fan;
    void this.#watch();
  }

  static async open(place: Place): Promise<MapProbe> {
    const map = await loadSeatMap(place.db, place.event.eventId);
    if (!map) throw new Error('There is no such event.');
    const probe = new MapProbe(place, new SeatMapWatcher(map));
    await probe.untilFast();
    return probe;
  }

  get wrong(): readonly string[] {
    return this.#fan.wrong;
  }

  /** Milliseconds of each probe, while `work` is under way. */
  async during(work: Promise<unknown>): Promise<number[]> {
    let isOver = false;
    void work.finally(() => {
      isOver = true;
    });
    const seen: number[] = [];
    while (!isOver) {
      seen.push(await this.#once());
      await sleep(PAUSE_MS);
    }
    return seen;
  }

  async untilFast(): Promise<void> {
    while ((await this.#once()) > FAST_MS);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.terminate();
  }

  async #watch(): Promise<void> {
    const { api, event } = this.#place;
    while (!this.#isClosed)
      await watchOnce(`http://127.0.0.1:${api.port}`, this.#fan, `Event_${event.eventId}`, (socket) => {
        this.#socket = socket;
      });
  }

  async #once(): Promise<number> {
    const { api, tokens, event, query } = this.#place;
    const seatNo = this.#seatNo++;
    const headers = { authorization: `Bearer ${tokens[seatNo % tokens.length]}` };
    const variables = { input: holdInput(event, [seatNo]) };
    const { data, errors } = await post(`http://127.0.0.1:${api.port}`, { query, variables }, headers);
    if (data?.createBooking?.__typename !== 'CreateBookingSuccess')
      throw new Error(`A hold was answered with ${JSON.stringify(errors ?? data)}.`);
    const heldAt = performance.now();
    while (statusAt(this.#fan.packed, seatNo) !== 'HELD') {
      if (performance.now() - heldAt > COMES_WITHIN_MS) throw new Error(`The watcher did not hear of seat ${seatNo}.`);
      await sleep(LOOK_EVERY_MS);
    }
    return performance.now() - heldAt;
  }
}
