import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpPool } from '#test/fans/http-pool.ts';
import { postJson } from '#test/fans/lean-http.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { Durations } from './rounds.ts';

/** Buyers arrive at an even pace, also when earlier ones have no answer yet; a process of its own. */

export type PacedHolds = {
  readonly port: number;
  readonly query: string;
  readonly answer: string;
  readonly perSecond: number;
  readonly ms: number;
  /** Each buyer gets two unused seats, from this one on, at one event after the other. */
  readonly firstSeat: number;
  readonly eventIds: readonly string[];
  readonly planId: string;
  readonly tokens: readonly string[];
};
/** Measured from the buyer's arrival. `other`: the first few answers that were not a success. */
export type PacedFigures = {
  readonly held: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  readonly other: readonly string[];
};

const CONNECTIONS = 512;

answerParent<PacedHolds>(async (load) => {
  const pool = new HttpPool(load.port, CONNECTIONS);
  const durations = new Durations();
  const other: string[] = [];
  let [held, mostMs] = [0, 0];
  const buy = async (index: number, cameAt: number): Promise<void> => {
    const { status, start } = await pool.send(requestOf(load, index));
    const ms = performance.now() - cameAt;
    durations.add(ms);
    mostMs = Math.max(mostMs, ms);
    if (status === 200 && start.startsWith(load.answer)) held += 1;
    else other.push(`${status} ${start.slice(0, 300)}`);
  };
  const beganAt = performance.now();
  const buying: Promise<void>[] = [];
  const buyers = Math.floor((load.perSecond * load.ms) / 1000);
  for (let index = 0; index < buyers; index++) {
    const comesAt = beganAt + (index * 1000) / load.perSecond;
    if (comesAt > performance.now()) await sleep(comesAt - performance.now());
    buying.push(buy(index, comesAt));
  }
  await Promise.all(buying);
  pool.close();
  return { held, ...durations.summary(), mostMs, other: other.slice(0, 5) } satisfies PacedFigures;
});

function requestOf({ eventIds, planId, firstSeat, query, tokens }: PacedHolds, index: number): string {
  const first = firstSeat + 2 * Math.floor(index / eventIds.length);
  const input = {
    eventId: `Event_${eventIds[index % eventIds.length]}`,
    seatIds: [first, first + 1].map((seatNo) => `Seat_${planId}_${seatNo}`),
    idempotencyKey: randomUUIDv7(),
  };
  return postJson('/graphql', JSON.stringify({ query, variables: { input } }), tokens[index % tokens.length]);
}
