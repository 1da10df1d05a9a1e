import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { bookingWhen, decideAt, hold, signInAsGuest } from '#test/fans/fan.ts';
import { HttpConnection, postJson } from '#test/fans/lean-http.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { until } from '#test/support/system/until.ts';

const CALLERS = 100;
const SEARCH = `query ($text: String!) { searchEvents(text: $text) { edges { node { id title venue { name city } } } } }`;

let system: System;
let db: Db;
beforeAll(async () => {
  // All callers are at one address.
  system = await startSystem({ env: { OVERLOAD_CONTROL: 'on', RATE_LIMITS: 'off', LOG_LEVEL: 'warn' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

/** Callers who search again as soon as they have an answer and do not wait first. */
class Storm {
  readonly #connections: readonly HttpConnection[];
  readonly #running: Promise<unknown>;
  #isOver = false;
  answered = 0;
  refused = 0;
  /** Answers that are neither a result nor a typed error. */
  readonly other: string[] = [];

  constructor(port: number) {
    this.#connections = Array.from({ length: CALLERS }, (_, index) => new HttpConnection(port, undefined, from(index)));
    this.#running = Promise.all(this.#connections.map((connection, index) => this.#search(connection, index)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    for (const connection of this.#connections) connection.close();
  }

  async #search(connection: HttpConnection, index: number): Promise<void> {
    for (let word = 0; !this.#isOver; word++) {
      const body = JSON.stringify({ query: SEARCH, variables: { text: `match ${index} ${word}` } });
      const { status, start } = await connection.send(postJson('/graphql', body));
      if (status !== 200) this.other.push(`${status} ${start}`);
      else if (start.includes('"TEMPORARILY_UNAVAILABLE"') && start.includes('"retryAfterSeconds"')) this.refused++;
      else if (start.startsWith('{"data":{"searchEvents":{') || start.includes('"RATE_LIMITED"')) this.answered++;
      else this.other.push(start);
    }
  }
}

const from = (index: number): string => `127.0.0.${2 + (index % 200)}`;

test('a storm of searches does not keep a fan with a hold from paying, and every search gets a typed answer', async () => {
  const event = await seedEvent(db, { seats: 20, title: 'Test match' });
  const fan = await signInAsGuest(system.apiUrl);
  // The process has held seats before, as a process in service has.
  expect(await hold(await signInAsGuest(system.apiUrl), event, [0])).toMatchObject({
    __typename: 'CreateBookingSuccess',
  });
  const storm = new Storm(Number(new URL(system.apiUrl).port));
  try {
    await until(async () => storm.refused > 100);
    const held = await hold(fan, event, [3, 4]);
    expect(held).toMatchObject({ __typename: 'CreateBookingSuccess' });
    const before = storm.refused;
    // Each of these rejects when one of its requests is refused.
    const ready = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
    await decideAt(ready.payment.url, 'pay');
    const confirmed = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'CONFIRMED');
    expect(confirmed.tickets).toMatchObject([{ seat: { seatNo: 3 } }, { seat: { seatNo: 4 } }]);
    expect(storm.refused).toBeGreaterThan(before);
  } finally {
    await storm.end();
  }
  expect(storm.other).toEqual([]);
  expect(storm.answered).toBeGreaterThan(0);
  expect(await system.metrics('api')).toMatch(
    /frontrow_overload_decisions_total\{class="search",decision="refused"\} [1-9]/,
  );
  await expectAllInvariants(system);
});
