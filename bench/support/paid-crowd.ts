import { randomUUIDv7 } from 'node:crypto';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { HttpPool } from '#test/fans/http-pool.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { PaidFan } from './paid-fan.ts';
import { Durations } from './rounds.ts';

/** Fans who each buy two seats, some at a time: as soon as one has tickets, the next one comes. A process of its own. */

export type PaidLoad = {
  readonly apiPort: number;
  readonly gatewayPort: number;
  readonly tokenPrivateKey: string;
  readonly eventIds: readonly string[];
  readonly planId: string;
  readonly fansAtATime: number;
  readonly bookings: number;
  /** The first pair of seats of each event that no earlier load used. */
  readonly firstPair: number;
};

export type PaidFigures = {
  readonly seconds: number;
  readonly bookings: number;
  readonly tickets: number;
  readonly page: { p50Ms: number; p99Ms: number };
  readonly confirmation: { p50Ms: number; p99Ms: number };
};

const SEATS = 2;

answerParent<PaidLoad>((load, tell) => run(load, tell));

async function run(load: PaidLoad, tell: (moment: string) => void): Promise<PaidFigures> {
  const tokens = await tokensOf(load);
  const pays = new HttpPool(load.gatewayPort, 64);
  const page = new Durations();
  const confirmation = new Durations();
  let next = 0;
  let tickets = 0;
  const fans = async () => {
    for (let index = next++; index < load.bookings; index = next++) {
      const fan = new PaidFan({ port: load.apiPort, from: `127.0.0.${1 + (index % 250)}` }, pays);
      const paid = await fan.buy(tokens[index] ?? '', purchaseOf(load, index));
      page.add(paid.pageMs);
      confirmation.add(paid.ticketsMs);
      tickets += paid.tickets;
    }
  };
  tell('begin');
  const beganAt = performance.now();
  await Promise.all(Array.from({ length: load.fansAtATime }, fans));
  const seconds = (performance.now() - beganAt) / 1000;
  tell('end');
  pays.close();
  return { seconds, bookings: load.bookings, tickets, page: page.summary(), confirmation: confirmation.summary() };
}

function purchaseOf({ eventIds, planId, firstPair }: PaidLoad, index: number) {
  const first = SEATS * (firstPair + Math.floor(index / eventIds.length));
  return {
    eventId: `Event_${eventIds[index % eventIds.length]}`,
    seatIds: Array.from({ length: SEATS }, (_, seat) => `Seat_${planId}_${first + seat}`),
    key: randomUUIDv7(),
  };
}

/** Each fan is another viewer. */
async function tokensOf({ tokenPrivateKey, bookings }: PaidLoad): Promise<string[]> {
  const accessTokens = openAccessTokens({ privateKey: tokenPrivateKey });
  const tokens: string[] = [];
  for (let fan = 0; fan < bookings; fan++) {
    const viewer = { userId: randomUUIDv7(), role: 'FAN', sessionId: randomUUIDv7() } as const;
    tokens.push((await accessTokens.issue(viewer)).token);
  }
  return tokens;
}
